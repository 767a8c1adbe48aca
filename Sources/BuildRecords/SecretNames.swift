internal import ImageModel

/// Names that look as if what they name were a secret: its value or contents are kept as digests only.
enum SecretNames {
  private static let words = [
    "token", "secret", "password", "passwd", "credential", "apikey", "api_key", "private_key",
  ]
  private static let files: Set<String> = [
    ".env", ".netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", ".ssh", ".gnupg", ".aws", ".kube", ".docker",
  ]
  private static let endings = [
    ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".gpg", ".env",
  ]
  private static let beginnings = [".env.", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"]

  /// Whether it looks like the name of a secret variable.
  static func mayBeVariable(_ name: String) -> Bool {
    let lowered = name.lowercased()
    return (words + ["auth"]).contains(where: lowered.contains)
  }

  /// Whether a file or one of its directories looks secret.
  static func mayBeFile(_ path: [UInt8]) -> Bool {
    FilePath(bytes: path).components.contains { component in
      let name = String(decoding: component, as: UTF8.self).lowercased()
      return files.contains(name) || words.contains(where: name.contains) || endings.contains(where: name.hasSuffix)
        || beginnings.contains(where: name.hasPrefix)
    }
  }
}
