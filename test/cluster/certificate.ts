import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** A self-signed certificate that is its own authority. */
export function certificate(folder: string, name = "IP:127.0.0.1"): { ca: string; cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)];
  const subject = ["-subj", "/CN=partwise", "-addext", `subjectAltName=${name}`];
  const made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", ...made, ...subject], { stdio: "ignore" });
  return { ca: cert, cert, key };
}
