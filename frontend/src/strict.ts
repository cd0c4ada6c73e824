/** Before any schema is made: zod would try to make functions from text, which the pages' policy forbids and reports. */
import { config } from "zod";

config({ jitless: true });
