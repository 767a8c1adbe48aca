import ImageModel
import Testing

struct SecretSignTests {
  /// What lint warns of is never kept, either.
  @Test(
    arguments: [
      "id_rsa", "x/id_ed25519", "server.pem", "x.key", "x.kdbx", ".netrc", ".git-credentials", ".docker/config.json",
      "home/.aws/credentials", ".npmrc", ".pypirc", ".env", ".env.production", "service-account.json", "data.P12",
    ])
  func whatLooksSecretMayBe(path: String) {
    #expect(SecretSign.mayBeFile(Array(path.utf8)))
  }

  @Test(
    arguments: [
      ("id_rsa_deploy", true), (".env.example", true), ("x/tokens/y", true), ("DB_Password.txt", true),
      (".ssh/config", true), (".htpasswd", true), ("environment", false), ("keys", false), ("config.json", false),
      ("docker/config.json", false), ("", false),
    ])
  func namesAloneSayWhatMayBeSecret(path: String, isSecret: Bool) {
    #expect(SecretSign.mayBeFile(Array(path.utf8)) == isSecret)
  }

  @Test func whatOnlyShowsWhatOneWouldWriteIsNotWarnedOf() {
    for name in [".env.example", "id_rsa.pub", "server.pem.sample"] {
      #expect(SecretSign.of(Array(name.utf8), head: Array("private key password=x".utf8)) == nil)
      #expect(!SecretSign.needsContents(Array(name.utf8)))
    }
  }

  @Test func variablesAreKnownByWords() {
    for name in ["Api_Key", "MY_PASSWORD", "GITHUB_AUTH", "svn_token"] { #expect(SecretSign.mayBeVariable(name)) }
    for name in ["JOBS", "PATH", "KEYBOARD"] { #expect(!SecretSign.mayBeVariable(name)) }
  }
}
