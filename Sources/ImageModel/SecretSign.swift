/// By what a secret is known: the name of a variable, the name of a file, and what the file begins with.
///
/// What *may* be a secret is kept as a digest only; lint warns of what looks like one.
package struct SecretSign: Sendable {
  private let what: String
  /// Whole names, `*.SUFFIX`, `PREFIX.*`, or the last components of a path; in lower case.
  private let names: [String]
  /// One of these must be in its first bytes, in lower case; none means that the name is enough.
  private var marks: [String] = []

  private static let all = [
    SecretSign(what: "a private key", names: ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ed25519_sk"]),
    SecretSign(
      what: "a private key",
      names: ["*.pem", "*.key", "*.ppk", "*.asc", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"],
      marks: ["private key", "private-lines"]),
    SecretSign(what: "a store of keys", names: ["*.p12", "*.pfx", "*.jks", "*.keystore", "secring.gpg"]),
    SecretSign(what: "a store of passwords", names: ["*.kdbx", "*.kdb", "*.agilekeychain", "*.pgpass", ".pgpass"]),
    SecretSign(what: "credentials of git", names: [".git-credentials", "git/credentials"]),
    SecretSign(what: "credentials of cloud services", names: [".aws/credentials", "gcloud/credentials.db"]),
    SecretSign(
      what: "credentials of cloud services",
      names: ["application_default_credentials.json", "*credentials*.json", "*service*account*.json"],
      marks: ["\"private_key\"", "\"client_secret\"", "\"refresh_token\""]),
    SecretSign(
      what: "credentials for registries",
      names: [".docker/config.json", ".dockercfg", ".dockerconfigjson", "containers/auth.json"],
      marks: ["\"auth\"", "\"identitytoken\"", "\"registrytoken\""]),
    SecretSign(
      what: "credentials of a cluster", names: [".kube/config"], marks: ["token:", "client-key-data:", "password:"]),
    SecretSign(what: "passwords", names: [".netrc", "_netrc"], marks: ["password"]),
    SecretSign(
      what: "a token", names: [".npmrc", ".yarnrc", ".yarnrc.yml"], marks: ["_auth", "_password", "authtoken"]),
    SecretSign(what: "a password", names: [".pypirc", ".my.cnf", ".s3cfg", ".boto"], marks: ["password", "secret"]),
    SecretSign(
      what: "a token", names: [".vault-token", ".gem/credentials", ".cargo/credentials", ".cargo/credentials.toml"]),
    SecretSign(
      what: "secret settings", names: [".env", ".env.*", "*.env"],
      marks: ["password=", "passwd=", "token=", "secret=", "secret_key=", "api_key=", "apikey=", "access_key="]),
  ]

  /// Words in the names of what may be secret.
  private static let words = [
    "token", "secret", "password", "passwd", "credential", "apikey", "api_key", "private_key",
  ]
  private static let directories: Set<String> = [".ssh", ".gnupg", ".aws", ".kube", ".docker"]
  /// Kinds of files that only show what one would write.
  private static let samples = [".example", ".sample", ".template", ".dist", ".pub"]

  /// Whether the value of such a variable may be secret.
  package static func mayBeVariable(_ name: String) -> Bool {
    let name = name.lowercased()
    return (words + ["auth"]).contains(where: name.contains)
  }

  /// Whether a file may be secret, whatever is in it.
  package static func mayBeFile(_ path: [UInt8]) -> Bool {
    let path = lowered(path)
    return path.split(separator: "/").contains { component in
      directories.contains(String(component)) || words.contains { component.firstRange(of: $0) != nil }
    } || !candidates(path).isEmpty
  }

  /// What a file looks like; nil when it looks like no secret.
  package static func of(_ path: [UInt8], head: [UInt8]) -> String? {
    let candidates = suspects(path)
    if candidates.isEmpty { return nil }
    let head = lowered(head)
    return candidates.first { sign in
      sign.marks.isEmpty || sign.marks.contains { head.firstRange(of: $0) != nil }
    }?.what
  }

  /// Whether the name alone does not tell.
  package static func needsContents(_ path: [UInt8]) -> Bool { suspects(path).contains { !$0.marks.isEmpty } }

  private static func suspects(_ path: [UInt8]) -> [SecretSign] {
    let path = lowered(path)
    return samples.contains(where: path.hasSuffix) ? [] : candidates(path)
  }

  private static func candidates(_ path: String) -> [SecretSign] {
    let name = path.split(separator: "/").last ?? ""
    return all.filter { sign in
      sign.names.contains { pattern in
        if pattern.contains("/") { return path == pattern || path.hasSuffix("/" + pattern) }
        return pattern.contains("*") ? matches(name, pattern) : name == pattern
      }
    }
  }

  private static func lowered(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).lowercased() }

  /// `*` stands for anything.
  private static func matches(_ name: Substring, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, name.hasPrefix(first) else { return false }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
