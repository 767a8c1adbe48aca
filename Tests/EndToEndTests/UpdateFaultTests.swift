import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What `coppice update` and the first build ask a registry, and what they do when it is sick.
@Suite(.serialized) struct UpdateFaultTests {
  private static let manifestType = "application/vnd.oci.image.manifest.v1+json"

  /// A registry whose images are called after what it does when it is asked for them.
  private final class SickRegistry: Sendable {
    /// What tags point at.
    let state = Locked("one")
    let server: LoopbackServer

    init() throws {
      let state = state
      server = try LoopbackServer { request in
        let name = request.target.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let digest = Digest.sha256(name + state.withLock { $0 }).description
        let good = LoopbackServer.answer(
          200, [("Content-Type", UpdateFaultTests.manifestType), ("Docker-Content-Digest", digest)], to: request)
        if state.withLock({ $0 }) == "one" { return good }
        switch name {
        case "trouble": return LoopbackServer.answer(503, to: request)
        case "busy": return LoopbackServer.answer(429, [("Retry-After", "3600")], to: request)
        case "page": return LoopbackServer.answer(200, [("Content-Type", "text/html")], "<html>", to: request)
        case "gone": return LoopbackServer.answer(404, to: request)
        case "private": return LoopbackServer.answer(401, [("WWW-Authenticate", #"Basic realm="r""#)], to: request)
        case "liar":
          if request.method == "HEAD" { return LoopbackServer.answer(200, to: request) }
          return LoopbackServer.answer(
            200, [("Content-Type", UpdateFaultTests.manifestType), ("Docker-Content-Digest", digest)],
            #"{"config":{"digest":"\#(digest)"}}"#, to: request)
        default: return good
        }
      }
    }

    /// What coppice asked, not the engine.
    private var questions: [String] {
      server.requests.filter { $0.headers["user-agent"] == "coppice" }.map { "\($0.method) \($0.target)" }
    }
    /// Questions about tags.
    var asked: [String] { questions.filter { !$0.contains("/sha256:") } }
    /// Questions about what tags point at.
    var read: [String] { questions.filter { $0.contains("/sha256:") } }
  }

  private func define(_ tree: Repository, _ name: String, from base: String, _ more: String = "") throws {
    try tree.define(
      "\(name)/1", "image_sources:\n  - {name: \(name), tags: ['1']}\n", dockerfile: "# x\nFROM \(base)\n\(more)")
  }

  @Test func fifteenDefinitionsWithOneBaseAskOnce() async throws {
    let registry = try SickRegistry()
    let tree = try await Repository()
    let base = "\(registry.server.name)/base:1"
    for number in 1...15 { try define(tree, "app\(number)", from: base) }
    try define(tree, "child", from: "cati/app1:1")
    let first = try await tree.coppice("update", "--json")
    #expect(first.exitCode == 0, "\(first.all)")
    #expect(registry.asked == ["HEAD /v2/base/manifests/1"])
    #expect(registry.read == ["GET /v2/base/manifests/\(Digest.sha256("baseone"))"])
    let bases = try JSONValue(parsing: first.output)["bases"]
    #expect(bases?.array?.count == 1)
    #expect(bases?[0]?["users"]?.array?.count == 15)
    #expect(bases?[0]?["artifacts"]?.array?.count == 16)
    registry.state.withLock { $0 = "two" }
    let dry = try await tree.coppice("update", "-n")
    #expect(dry.output.contains("would rebuild docker/app10:1, docker/app11:1, "), "\(dry.all)")
    #expect(dry.output.contains("then, where those come out different, docker/child:1\n"), "\(dry.all)")
    #expect(try await tree.coppice("update", "-n", "-q").output == "")

    // The first build pins what nobody did, and its engine finds nothing behind this registry.
    try Laboratory.files.remove(tree.directory / "coppice.lock")
    let before = registry.asked.count
    let run = try await tree.coppice("build", "-j1")
    #expect(run.exitCode == 1, "\(run.all)")
    #expect(registry.asked.count == before + 1)
  }

  @Test func aSickRegistryKeepsItsPinsAndTheOthersMove() async throws {
    let registry = try SickRegistry()
    let tree = try await Repository()
    let sick = [
      "trouble": "has trouble", "busy": "asked too often", "page": "no manifest (text/html)", "gone": "has no ",
      "private": "denies access", "liar": "other bytes",
    ]
    for name in sick.keys.sorted() + ["good"] { try define(tree, name, from: "\(registry.server.name)/\(name):1") }
    #expect(try await tree.coppice("update").exitCode == 0)
    let lock = try tree.lockfile()
    registry.state.withLock { $0 = "two" }
    let run = try await tree.coppice("update")
    #expect(run.exitCode == 1, "\(run.all)")
    for (name, words) in sick {
      let line = run.errorOutput.split(separator: "\n").first { $0.contains("/\(name):1 (") } ?? ""
      #expect(line.hasPrefix("share/docker/\(name)/1/Dockerfile:2:6: warning: "), "\(run.all)")
      #expect(line.contains(words), "\(run.all)")
      #expect(line.contains("keeps its pin sha256:\(Digest.sha256(name + "one").short)"), "\(run.all)")
    }
    #expect(run.output.contains("1 of 7 bases moved"), "\(run.all)")
    let moved = lock.replacing(Digest.sha256("goodone").hex, with: Digest.sha256("goodtwo").hex)
    func pins(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.contains("sha256:") } }
    #expect(try pins(tree.lockfile()) == pins(moved))

    // Only what a pattern means is asked for.
    let before = registry.asked.count
    #expect(try await tree.coppice("update", "*/g*:1").exitCode == 1)
    #expect(Set(registry.asked.dropFirst(before)) == ["HEAD /v2/gone/manifests/1", "HEAD /v2/good/manifests/1"])
  }

  @Test func lockedNamesEveryPlaceAndAsksNobody() async throws {
    let registry = try SickRegistry()
    let tree = try await Repository()
    try define(
      tree, "one", from: "\(registry.server.name)/a:1", "COPY --from=\(registry.server.name)/b:1 /x /\n")
    try define(tree, "two", from: "\(registry.server.name)/b:1")
    try define(tree, "fixed", from: "\(registry.server.name)/b@\(Digest.sha256("b"))")
    let run = try await tree.coppice("build", "--locked")
    #expect(run.exitCode == 2)
    #expect(
      run.errors.map { $0.prefix { $0 != " " } } == [
        "share/docker/one/1/Dockerfile:2:6:", "share/docker/one/1/Dockerfile:3:13:",
        "share/docker/two/1/Dockerfile:2:6:",
      ], "\(run.all)")
    #expect(registry.server.requests.isEmpty)
    let fixed = try await tree.coppice("update", "*@sha256:*")
    #expect(fixed.exitCode == 2)
    #expect(fixed.errorOutput.contains("fixes the digest"), "\(fixed.all)")
  }

  @Test func aCredentialHelperIsAskedAndNeverQuoted() async throws {
    let secret = "s3cr3t-w0rd"
    let server = try LoopbackServer { request in
      guard request.headers["authorization"] == "Basic dXNlcjpzM2NyM3QtdzByZA==" else {
        return LoopbackServer.answer(401, [("WWW-Authenticate", #"Basic realm="r""#)], to: request)
      }
      let digest = Digest.sha256("x").description
      return LoopbackServer.answer(
        200, [("Content-Type", Self.manifestType), ("Docker-Content-Digest", digest)], to: request)
    }
    let tree = try await Repository()
    try define(tree, "app", from: "\(server.name)/base:1")
    try tree.write("docker/config.json", #"{"credHelpers": {"\#(server.name)": "lab"}}"#)
    func update(_ script: String) async throws -> Run {
      var environment: [String: String?] = try tree.standIn(for: "docker-credential-lab", script)
      environment["DOCKER_CONFIG"] = (tree.directory / "docker").description
      let run = try await tree.coppice(["update", "-v"], environment: environment)
      #expect(!run.all.contains(secret), "\(run.all)")
      return run
    }
    for script in ["echo \(secret)", "echo \(secret) >&2; exit 3", "kill -9 $$"] {
      let run = try await update(script)
      #expect(run.exitCode == 1)
      #expect(run.errorOutput.contains("docker-credential-lab"), "\(run.all)")
      #expect(run.errorOutput.contains("Dockerfile:2:6: warning: "), "\(run.all)")
      #expect(run.errorOutput.contains("stays unpinned"), "\(run.all)")
    }
    let run = try await update(
      #"echo "$# $1 $(cat)" > "$DOCKER_CONFIG/asked"; echo '{"Username":"user","Secret":"\#(secret)"}'"#)
    #expect(run.exitCode == 0, "\(run.all)")
    #expect(try tree.directory.text("docker/asked") == "1 get \(server.name)\n")
    #expect(try tree.lockfile().contains(Digest.sha256("x").description))
    #expect(!(try tree.lockfile().contains(secret)))
  }

  @Test func aProxyIsForOtherMachinesOnly() async throws {
    let registry = try SickRegistry()
    let proxy = try LoopbackServer { LoopbackServer.answer(403, to: $0) }
    let tree = try await Repository()
    try define(tree, "near", from: "\(registry.server.name)/base:1")
    try define(tree, "far", from: "registry.invalid/base:1")
    let address = "http://user:s3cr3t@\(proxy.name)"
    let run = try await tree.coppice(
      ["update", "-n"],
      environment: [
        "https_proxy": address, "http_proxy": address, "HTTPS_PROXY": nil, "no_proxy": nil, "NO_PROXY": nil,
      ])
    #expect(run.exitCode == 1)
    #expect(registry.asked == ["HEAD /v2/base/manifests/1"])
    #expect(Set(proxy.requests.map { "\($0.method) \($0.target)" }) == ["CONNECT registry.invalid:443"])
    #expect(run.errorOutput.contains("registry.invalid cannot be reached"), "\(run.all)")
    #expect(!run.all.contains("s3cr3t"), "\(run.all)")
  }
}
