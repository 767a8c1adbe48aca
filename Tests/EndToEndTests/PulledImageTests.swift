import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What others get of what we have published, and we of what they have.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("buildah") && Laboratory.has("docker-registry"),
    "make test prepares the peers"))
struct PulledImageTests {
  private func tree(_ registry: Registry) async throws -> Repository {
    let tree = try await Repository()
    try tree.write("coppice.yaml", "namespace: cati\ndestinations: {hub: {registry: \"\(registry.address)\"}}\n")
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n", dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    try tree.write("share/docker/app/1/text", "app\n")
    return tree
  }

  private func run(_ tree: Repository, _ words: String...) async throws -> String {
    let run = try await tree.run(words)
    try #require(run.exitCode == 0, "\(words): \(run.all)")
    return run.output.filter { !$0.isNewline }
  }

  /// The config digest of an image as it was recorded.
  private func recorded(_ tree: Repository, _ id: String) throws -> String {
    let lines = try tree.lockfile().split(separator: "\n").drop { $0 != "  \(id):" }
    let line = try #require(lines.first { $0.hasPrefix("    output: ") })
    return String(line.dropFirst("    output: ".count))
  }

  @Test func everyEnginePullsTheImage() async throws {
    let secret = "s3cret"
    try await Registry.with(user: "me", password: secret, hasTLS: true) { registry in
      let tree = try await tree(registry)
      try tree.write(
        "home/.docker/config.json", #"{"auths":{"\#(registry.address)":{"auth":"bWU6czNjcmV0"}}}"#, mode: 0o600)
      try await tree.build()
      let untrusted = try await tree.coppice("publish", "--yes")
      #expect(untrusted.exitCode == 1 && untrusted.errorOutput.contains("SSL_CERT_FILE"), "\(untrusted.all)")
      let published = try await tree.coppice(
        ["publish", "--yes"],
        environment: [
          "SSL_CERT_FILE": registry.certificate.description, "CURL_CA_BUNDLE": registry.certificate.description,
        ])
      #expect(published.exitCode == 0, "\(published.all)")
      let id = try recorded(tree, "docker/app:1")
      let name = "\(registry.address)/cati/app:1"
      // Others trust our registry when they are told to, and else do not.
      let trusted = tree.directory / "trusted"
      try Laboratory.files.createDirectory(trusted)
      let certificate = try Laboratory.files.contents(of: registry.certificate, limit: 1 << 16)
      try Laboratory.files.replace(trusted / "ca.crt", with: certificate, mode: 0o644)
      let stranger = try await tree.run(["skopeo", "inspect", "--creds", "me:\(secret)", "docker://\(name)"])
      #expect(stranger.exitCode != 0 && stranger.errorOutput.contains("certificate"), "\(stranger.all)")
      let access = ["--tls-verify=true", "--cert-dir", trusted.description, "--creds", "me:\(secret)"]
      let config = try await tree.run(["skopeo", "inspect", "--config", "--raw"] + access + ["docker://\(name)"])
      #expect("\(Digest.sha256(config.output))" == id, "\(config.all)")
      if Laboratory.has("podman") {
        let podman = ["podman", "--root", "\(tree.directory / "podman")", "--runroot", "\(tree.directory / "run")"]
        let pulled = try await tree.run(podman + ["pull", "-q"] + access + [name])
        #expect(pulled.output.hasPrefix(id.dropFirst("sha256:".count)), "\(pulled.all)")
        _ = try await tree.run(podman + ["rmi", "-f", name])
      }
      // With its SIF, as oras and Apptainer read it.
      let raw = try await tree.run(["skopeo", "inspect", "--raw"] + access + ["docker://\(name)-sif"])
      let layer = try JSONValue(parsing: raw.output)["layers"]?[0]
      let sif = try Laboratory.files.digest(of: tree.directory / "images/app-1.sif")
      #expect(layer?["digest"]?.string == sif.description)
      #expect(layer?["mediaType"]?.string == "application/vnd.sylabs.sif.layer.v1.sif")
    }
  }

  @Test(.enabled(if: Laboratory.directory != nil, "run through make test")) func dockerPullsTheImage() async throws {
    // Docker takes any certificate of the loopback.
    try await Registry.with(user: "me", password: "s3cret", hasTLS: true) { registry in
      let tree = try await tree(registry)
      try tree.write(
        "home/.docker/config.json", #"{"auths":{"\#(registry.address)":{"auth":"bWU6czNjcmV0"}}}"#, mode: 0o600)
      try await tree.build("docker/app:1")
      let published = try await tree.coppice(
        ["publish", "docker/app:1", "--yes"],
        environment: [
          "SSL_CERT_FILE": registry.certificate.description, "CURL_CA_BUNDLE": registry.certificate.description,
        ])
      #expect(published.exitCode == 0, "\(published.all)")
      let name = "\(registry.address)/cati/app:1"
      let socket = try await Laboratory.docker()
      _ = try await run(tree, "docker", "-H", socket, "pull", "-q", name)
      let id = try await run(tree, "docker", "-H", socket, "image", "inspect", "--format", "{{.Id}}", name)
      #expect(id == (try recorded(tree, "docker/app:1")))
      _ = try await run(tree, "docker", "-H", socket, "rmi", name)
    }
  }

  /// Somebody else has brought the same image there, in another wrapping.
  @Test func whatSkopeoHasCopiedIsEqual() async throws {
    try await Registry.with { registry in
      let tree = try await tree(registry)
      try await tree.build()
      let copied = try await tree.run([
        "skopeo", "copy", "-q", "--dest-tls-verify=false", "--format", "v2s2",
        "oci:\(tree.directory / ".coppice/store"):cati/app:1", "docker://\(registry.address)/cati/app:1",
      ])
      try #require(copied.exitCode == 0, "\(copied.all)")
      let plan = try await tree.coppice("plan", "docker/app:1", "--json")
      let lines = try JSONValue(parsing: plan.output)["artifacts"]?.array ?? []
      #expect(lines.map { $0["change"]?.string } == ["unchanged"], "\(plan.all)")
    }
  }

  /// A file without end, as far as memory is concerned.
  @Test(.enabled(if: Laboratory.isSoak && Laboratory.has("python3"), "make soak runs it"))
  func oneGigabyteNeedsLittleMemory() async throws {
    let measure = "import resource,subprocess,sys; r=subprocess.run(sys.argv[1:]); "
    let peak = "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(r.returncode)"
    func kilobytes(_ tree: Repository, _ words: String...) async throws -> Int {
      let program = (Laboratory.binaries / "coppice").description
      let run = try await tree.run(["python3", "-c", measure + peak, program] + words)
      try #require(run.exitCode == 0, "\(run.all)")
      return run.output.split(separator: "\n").last.flatMap { Int($0) } ?? .max
    }
    try await Registry.with { registry in
      let tree = try await Repository()
      try tree.write("coppice.yaml", "namespace: cati\ndestinations: {hub: {registry: \"\(registry.address)\"}}\n")
      try tree.define(
        "big/1", "image_sources:\n  - {name: big, tags: ['1']}\n", dockerfile: "FROM scratch\nCOPY data /\n")
      let data = tree.directory / "share/docker/big/1/data"
      _ = try await run(tree, "sh", "-c", "head -c 1000000000 /dev/urandom >'\(data)'")
      try await tree.build()
      let up = try await kilobytes(tree, "publish", "--yes", "-q")
      try Laboratory.files.removeTree(tree.directory / ".coppice/store")
      try Laboratory.files.removeTree(tree.directory / "images")
      let down = try await kilobytes(tree, "fetch", "-q")
      let file = try await kilobytes(tree, "download", "big:1", "-q", "-o", "out")
      Soak.tell("1 GB: up \(up) kB, down \(down) kB, a file \(file) kB of memory")
      #expect(up < 64 << 10 && down < 64 << 10 && file < 64 << 10, "\(up) \(down) \(file)")
      #expect(try await tree.states().values.allSatisfy { $0 == "current" })
    }
  }

  /// Apptainer asks a registry in its own way.
  @Test(.enabled(if: Apptainer.installed != nil, "make interop runs it")) func aSIFIsPulledByApptainer() async throws {
    let apptainer = try #require(Apptainer.installed)
    try await Registry.with { registry in
      let tree = try await tree(registry)
      try await tree.build()
      let published = try await tree.coppice("publish", "--yes")
      #expect(published.exitCode == 0, "\(published.all)")
      try await apptainer.output(
        ["apptainer", "pull", "--no-https", "app.sif", "oras://\(registry.address)/cati/app:1-sif"],
        in: tree.directory.path)
      #expect(
        try Laboratory.files.digest(of: tree.directory / "app.sif")
          == Laboratory.files.digest(of: tree.directory / "images/app-1.sif"))
    }
  }
}
