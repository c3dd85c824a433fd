import { crashTest } from "./crash-test.ts";

crashTest("lmdb");
