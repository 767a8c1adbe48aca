import BuildEngine
import HostSystem
import ImageModel
import ImageTools
import JSONText
import TestSupport
import Testing

/// A real docker-registry on loopback, with skopeo to fill it.
final class RealRegistry: Sendable {
  static let isInstalled = Installed.path("docker-registry") != nil && Installed.path("skopeo") != nil

  let directory: TemporaryDirectory
  let name: String
  private let processes = PosixProcessRunner()
  private let server: Task<Void, Never>

  /// - Parameters:
  ///   - hasPassword: lets in `me` with the password `secret` only.
  ///   - hasTLS: speaks https, with the certificate `cert.pem` that nobody trusts.
  init(hasPassword: Bool = false, hasTLS: Bool = false) async throws {
    directory = try TemporaryDirectory()
    name = "127.0.0.1:\(Int.random(in: 20000..<60000))"
    let root = directory.path
    // bcrypt of `secret`.
    try directory.write("htpasswd", "me:$2b$05$TXLvmawDVWHjkwNK09Kc3.2vKrSs.fN51aGVFJJKBA4lWyjdNH/Pi\n")
    let login = hasPassword ? "auth: {htpasswd: {realm: lab, path: \(root)/htpasswd}}\n" : ""
    if hasTLS {
      let words =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
      let made = try await processes.capture(
        ProcessCommand(
          words.split(separator: " ").map(String.init) + ["-keyout", "\(root)/key.pem", "-out", "\(root)/cert.pem"]))
      guard made.status.isSuccess else { throw Failure(String(decoding: made.errorOutput, as: UTF8.self)) }
    }
    let tls = hasTLS ? ", tls: {certificate: \(root)/cert.pem, key: \(root)/key.pem}" : ""
    try directory.write(
      "config.yml",
      "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: \(root)/data}}\n"
        + "http: {addr: \"\(name)\"\(tls)}\n" + login)
    let command = ProcessCommand(["docker-registry", "serve", "\(root)/config.yml"], grace: .milliseconds(100))
    server = Task { [processes] in _ = try? await processes.run(command) }
    try await waitUntilItAnswers()
  }

  deinit { server.cancel() }

  private func waitUntilItAnswers() async throws {
    for _ in 0..<100 {
      let result = try await processes.capture(
        ProcessCommand(["skopeo", "list-tags", "--tls-verify=false", "docker://\(name)/none"]))
      if !String(decoding: result.errorOutput, as: UTF8.self).contains("connection refused") { return }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Puts an image without layers there.
  /// - Returns: the manifest's digest.
  func push(
    _ image: String, command: String? = nil, onBuild: String? = nil, environment: String? = nil,
    credentials: String? = nil
  ) async throws -> Digest {
    let blobs = directory / "layout/blobs/sha256"
    let files = PosixFileSystem()
    try files.createDirectory(blobs)
    func put(_ text: String) throws -> String {
      let digest = Digest.sha256(text)
      try files.replace(blobs / FilePath(digest.hex), with: Array(text.utf8), mode: 0o644)
      return "\"digest\":\"\(digest)\",\"size\":\(text.utf8.count)"
    }
    let triggers = onBuild.map { #","OnBuild":["\#($0)"]"# } ?? ""
    let variables = environment.map { #","Env":["\#($0)"]"# } ?? ""
    let config = try put(
      #"{"architecture":"amd64","os":"linux","config":{"Cmd":["\#(command ?? image)"]\#(triggers)\#(variables)},"rootfs":{"type":"layers","diff_ids":[]}}"#
    )
    let manifest = try put(
      #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",\#(config)},"layers":[]}"#
    )
    try directory.write("layout/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
    try directory.write(
      "layout/index.json",
      #"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",\#(manifest)}]}"#)
    let login = credentials.map { ["--dest-creds", $0] } ?? []
    let result = try await processes.capture(
      ProcessCommand(
        ["skopeo", "copy", "--dest-tls-verify=false", "--insecure-policy"] + login
          + ["oci:\(directory.path)/layout", "docker://\(name)/\(image)"]))
    guard result.status.isSuccess else { throw Failure(String(decoding: result.errorOutput, as: UTF8.self)) }
    return Digest(String(manifest.dropFirst(10).prefix(71))) ?? Digest.sha256("")
  }

  func resolver(_ home: String = "{}", _ variables: [String: String] = [:]) throws -> RegistryBaseResolver {
    try directory.write("home/.docker/config.json", home)
    let environment = ["HOME": "\(directory.path)/home", "PATH": "/nowhere"].merging(variables) { $1 }
    let finder = EngineFinder(
      wanted: nil, remembered: directory / ".coppice/engine", files: PosixFileSystem(), processes: processes,
      environment: environment)
    return RegistryBaseResolver(
      engines: finder, files: PosixFileSystem(), processes: processes, environment: environment)
  }
}

@Suite(.enabled(if: RealRegistry.isInstalled)) struct RealRegistryTests {
  private let platform = Platform(os: "linux", architecture: "amd64")

  @Test func aTagIsResolvedToItsManifest() async throws {
    let registry = try await RealRegistry()
    let pushed = try await registry.push("team/x:1")
    let base = try await registry.resolver().resolve(
      try ImageReference("\(registry.name)/team/x:1"), platform: platform, pinned: nil)
    #expect(base.pin == PinnedBase(digest: pushed))
    await #expect {
      _ = try await registry.resolver().resolve(
        try ImageReference("\(registry.name)/team/x:2"), platform: platform, pinned: nil)
    } throws: {
      ($0 as? Failure)?.message.contains("has no") == true
    }
  }

  @Test func thePinHoldsWhatTheBaseDoesInBuilds() async throws {
    let registry = try await RealRegistry()
    let pushed = try await registry.push("team/x:1", onBuild: "COPY . /src", environment: "V=a=b")
    let base = try await registry.resolver().resolve(
      try ImageReference("\(registry.name)/team/x:1"), platform: platform, pinned: nil)
    #expect(base.pin == PinnedBase(digest: pushed, onBuild: ["COPY . /src"]))
    #expect(base.environment == ["V": "a=b"])
  }

  @Test func theConfigOfAPinnedImageIsFetched() async throws {
    let registry = try await RealRegistry()
    let pushed = try await registry.push("team/x:1", command: "/bin/true")
    let reference = try ImageReference("\(registry.name)/team/x:1")
    let config = try await registry.resolver().config(of: reference, manifest: pushed, platform: platform)
    #expect(try JSONValue(parsing: config)["config"]?["Cmd"]?.strings == ["/bin/true"])
    await #expect(throws: Failure.self) {
      _ = try await registry.resolver().config(of: reference, manifest: .sha256("other"), platform: platform)
    }
  }

  @Test func aPasswordIsNeededAndUsed() async throws {
    let registry = try await RealRegistry(hasPassword: true)
    let pushed = try await registry.push("team/x:1", credentials: "me:secret")
    let reference = try ImageReference("\(registry.name)/team/x:1")
    let login = #"{"auths":{"\#(registry.name)":{"auth":"bWU6c2VjcmV0"}}}"#
    #expect(try await registry.resolver(login).resolve(reference, platform: platform, pinned: nil).pin.digest == pushed)
    await #expect { _ = try await registry.resolver().resolve(reference, platform: platform, pinned: nil) } throws: {
      ($0 as? Failure)?.message.contains("denies") == true
    }
  }

  @Test(.enabled(if: Installed.path("openssl") != nil)) func aCertificateIsTrustedWhenItIsNamed() async throws {
    let registry = try await RealRegistry(hasTLS: true)
    let pushed = try await registry.push("team/x:1")
    let reference = try ImageReference("\(registry.name)/team/x:1")
    await #expect {
      _ = try await registry.resolver().resolve(reference, platform: platform, pinned: nil)
    } throws: {
      let failure = $0 as? Failure
      return failure?.message.contains("cannot be trusted") == true && failure?.help?.contains("SSL_CERT_FILE") == true
    }
    let file = "\(registry.directory.path)/cert.pem"
    for variables in [["SSL_CERT_FILE": file], ["SSL_CERT_FILE": "/none", "CURL_CA_BUNDLE": file]] {
      let base = try await registry.resolver("{}", variables).resolve(reference, platform: platform, pinned: nil)
      #expect(base.pin.digest == pushed)
    }
  }

  @Test func nobodyThereIsSaidSo() async throws {
    let registry = try await RealRegistry()
    await #expect {
      _ = try await registry.resolver().resolve(
        try ImageReference("127.0.0.1:1/x:1"), platform: platform, pinned: nil)
    } throws: {
      ($0 as? Failure)?.message.contains("cannot be reached") == true
    }
  }
}
