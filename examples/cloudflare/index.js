export { Asserta, default } from "asserta/cloudflare";
