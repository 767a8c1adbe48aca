import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Pins of bases, against real registries on the loopback.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("skopeo") && Laboratory.has("docker-registry")
      && Laboratory.directory != nil, "make test prepares the peers"))
struct UpdateTests {
  @Test(arguments: ["buildah", "docker"])
  func aTagThatMovesChangesNothingUntilItsPinIsMoved(engine: String) async throws {
    let source = try await Repository()
    try source.defineShell()
    try await Registry.with { registry in
      let base = "\(registry.address)/base:1"
      let one = try await registry.push(source, "shell:1", as: base)
      let tree = try await Repository(engine: engine)
      try tree.define(
        "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
        dockerfile: "FROM \(base)\nRUN [\"/bin/busybox\", \"cp\", \"/text\", \"/copy\"]\n")
      let dockerfile: FilePath = "share/docker/app/1/Dockerfile"

      // Nobody pinned it yet.
      let unpinned = try await tree.coppice("lint")
      #expect(unpinned.exitCode == 0)
      #expect(unpinned.errorOutput.contains("Dockerfile:1:6: note: the base \(base) is not pinned yet"))
      let refused = try await tree.coppice("build", "--locked")
      #expect(refused.exitCode == 2, "\(refused.all)")
      #expect(refused.errors.first?.hasPrefix("share/docker/app/1/Dockerfile:1:6: error: ") == true)
      #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "coppice.lock") == nil)

      #expect(try await tree.build() == ["docker/app:1 built"])
      #expect(try tree.directory.text("coppice.lock").contains("linux/amd64: \(one.digest)"))
      #expect(try await tree.layers("app:1").starts(with: one.layers))
      #expect(try await tree.coppice("lint").errorOutput == "")
      #expect(try await tree.build("--locked") == [])

      // The tag moves: what is built does not.
      try source.write("share/docker/shell/1/text", "two\n")
      let two = try await registry.push(source, "shell:1", as: base)
      #expect(one.digest != two.digest && one.layers != two.layers)
      #expect(try await tree.states() == ["docker/app:1": "current"])
      try tree.write(dockerfile, try tree.directory.text(dockerfile) + "USER 1\n")
      #expect(try await tree.build("--locked") == ["docker/app:1 built"])
      #expect(try await tree.layers("app:1").starts(with: one.layers))

      // What update would do.
      let lock = try tree.directory.text("coppice.lock")
      let dry = try await tree.coppice("update", "--dry-run")
      #expect(dry.exitCode == 0)
      for word in [base, "sha256:\(one.short)", "sha256:\(two.short)", "→", "docker/app:1"] {
        #expect(dry.output.contains(word), "\(dry.all)")
      }
      let json = try JSONValue(parsing: try await tree.coppice("update", "-n", "--json").output)["bases"]?[0]
      #expect(json?["reference"]?.string == base)
      #expect(json?["from"]?.string == one.digest)
      #expect(json?["to"]?.string == two.digest)
      #expect(json?["moved"]?.bool == true)
      #expect(json?["artifacts"]?.strings == ["docker/app:1"])
      #expect(try tree.directory.text("coppice.lock") == lock, "a dry run writes nothing")

      #expect(try await tree.coppice("update", "*/base:*").exitCode == 0)
      #expect(try await tree.coppice("update").output.contains("0 of 1 base moved"))
      let reasons = try await tree.status(of: "docker/app:1")["reasons"]
      #expect(
        reasons == [
          [
            "kind": "baseMoved", "reference": .string(base), "from": .string(one.digest),
            "to": .string(two.digest),
          ]
        ])
      #expect(try await tree.coppice("explain", "app:1").output.contains("base \(base) moved sha256:\(one.short)"))
      #expect(try await tree.build() == ["docker/app:1 built"])
      #expect(try await tree.layers("app:1").starts(with: two.layers))

      // Without the registry everything goes on with the pin.
      try await registry.stop()
      #expect(try await tree.build("--locked") == [])
      // An image of that name in the engine is no reason to give up a pin that holds everywhere.
      _ = try await Laboratory.run([tree.engine, "tag", "cati/app:1", base], environment: tree.environment)
      let offline = try await tree.coppice("update")
      #expect(offline.exitCode == 1)
      #expect(offline.errorOutput.contains("keeps its pin sha256:\(two.short)"), "\(offline.all)")
      try tree.write(dockerfile, try tree.directory.text(dockerfile) + "USER 2\n")
      #expect(try await tree.build() == ["docker/app:1 built"])
      #expect(try await tree.states() == ["docker/app:1": "current"])
    }
  }

  @Test func aBaseThatDoesNotExistIsNamedWithItsLine() async throws {
    try await Registry.with { registry in
      let tree = try await Repository()
      try tree.define(
        "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
        dockerfile: "# x\nFROM \(registry.address)/none:1\n")
      let run = try await tree.coppice("build", "--progress", "json")
      #expect(run.exitCode == 1)
      #expect(run.errors.count == 1)
      #expect(run.errors.first?.hasPrefix("share/docker/app/1/Dockerfile:2:6: error: ") == true, "\(run.all)")
      #expect(run.errorOutput.contains("has no \(registry.address)/none:1"), "\(run.all)")
      #expect(try run.done?["failed"]?.integer == 1)
      let update = try await tree.coppice("update")
      #expect(update.exitCode == 1)
      #expect(update.errorOutput.contains("share/docker/app/1/Dockerfile:2:6: warning: "), "\(update.all)")
      #expect(try await tree.states() == ["docker/app:1": "stale"])
    }
  }

  @Test func aPatternThatMeansNoBaseIsAnError() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let near = try await tree.coppice("update", "ubunut:24.04")
    #expect(near.exitCode == 2)
    #expect(near.errorOutput.contains("no base matches 'ubunut:24.04'"), "\(near.all)")
    #expect(near.errorOutput.contains("did you mean 'ubuntu:24.04'?"), "\(near.all)")
    #expect(try await tree.coppice("update", "cati/base:1").exitCode == 2, "an image of the tree is no base")
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "coppice.lock") == nil)
  }

  @Test(.enabled(if: Laboratory.has("htpasswd"), "make test installs it"))
  func aPasswordIsUsedAndNeverTold() async throws {
    let source = try await Repository()
    try source.defineShell()
    let (right, wrong) = ("s3cr3t-w0rd", "wr0ng-w0rd")
    try await Registry.with(user: "user", password: right) { registry in
      let base = "\(registry.address)/base:1"
      _ = try await registry.push(source, "shell:1", as: base)
      let tree = try await Repository()
      try tree.define(
        "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
        dockerfile: "FROM \(base)\nRUN [\"/bin/busybox\", \"cp\", \"/text\", \"/copy\"]\n")
      let config = try TemporaryDirectory()
      func build(_ password: String?) async throws -> Run {
        let login = password.map { base64("user:\($0)") }
        let auths = login.map { "\"\(registry.address)\": {\"auth\": \"\($0)\"}" } ?? ""
        try config.write("config.json", "{\"auths\": {\(auths)}}")
        let run = try await tree.coppice(["build", "-v"], environment: ["DOCKER_CONFIG": config.path.description])
        let traces = try await tree.traces()
        for secret in [right, wrong, base64("user:\(right)"), base64("user:\(wrong)")] {
          #expect(!run.all.contains(secret), "\(run.all)")
          #expect(!traces.contains(secret))
        }
        return run
      }
      for password in [nil, wrong] {
        let run = try await build(password)
        #expect(run.exitCode == 1, "\(run.all)")
        #expect(run.errorOutput.contains("denies access to \(base)"), "\(run.all)")
        #expect(run.errorOutput.contains("log in"), "\(run.all)")
      }
      let run = try await build(right)
      #expect(run.exitCode == 0, "\(run.all)")
      #expect(try await tree.states() == ["docker/app:1": "current"])
    }
  }

  private func base64(_ text: String) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: 3).map { start in
      let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
      return (0..<4).map { index in
        start + index <= bytes.count ? String(digits[group >> (18 - 6 * index) & 63]) : "="
      }.joined()
    }.joined()
  }
}
