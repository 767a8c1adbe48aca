import BuildEngine
import BuildRecords
import ContentStore
import DockerfileText
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Where layer caches give a wrong image, by experiment: edit, build with the cache, build without, compare.
///
/// The table says what is expected of each engine as it was measured. An engine of another version that differs shows as
/// a failing row: then `CacheDoubts` must say so too.
// One engine's builds in parallel find less in the cache than one after the other.
@Suite(.serialized) struct LayerCacheTests {
  @Test(.enabled(if: Installed.hasBuildah), arguments: CachedConstruct.all(for: .buildah))
  func buildahsCache(_ construct: CachedConstruct) async throws { try await compare(construct, .buildah) }

  @Test(.enabled(if: Installed.hasPodman), arguments: CachedConstruct.all(for: .podman))
  func podmansCache(_ construct: CachedConstruct) async throws { try await compare(construct, .podman) }

  @Test(.enabled(if: CacheLaboratory.hasDocker), arguments: CachedConstruct.all(for: .buildKit))
  func buildKitsCache(_ construct: CachedConstruct) async throws { try await compare(construct, .buildKit) }

  @Test(.enabled(if: CacheLaboratory.hasDocker), arguments: CachedConstruct.all(for: .legacy))
  func theLegacyBuildersCache(_ construct: CachedConstruct) async throws { try await compare(construct, .legacy) }

  private func compare(_ construct: CachedConstruct, _ kind: CacheLaboratory.Kind) async throws {
    let laboratory = try await CacheLaboratory.shared.value
    var after = construct.scene
    construct.edit(&after)
    let trial = try await laboratory.trial(construct.scene, then: after, with: kind)
    let isUnsound = construct.unsound.contains(kind)
    #expect(trial.differs == isUnsound, "\(construct) with \(kind): \(trial.paths)")
    let isDoubted = isUnsound || construct.doubted.contains(kind)
    #expect((trial.doubt != nil) == isDoubted, "\(construct) with \(kind): \(trial.doubt ?? "no doubt")")
  }
}

/// What one build is made of.
struct CacheScene: Sendable {
  /// `UP` stands for the image of `upstream`, `URL` for a file on a server.
  var dockerfile: String
  var files: [String: String] = [:]
  var modes: [String: UInt16] = [:]
  var links: [String: String] = [:]
  var directories: [String] = []
  var modified = 1_700_000_000
  var arguments: [String: String] = [:]
  var target: String?
  var download = "one"
  /// Its Dockerfile and the content of its only file.
  var upstream: (dockerfile: String, data: String)?

  init(_ dockerfile: String, files: [String: String] = ["d": "one\n"]) {
    self.dockerfile = dockerfile
    self.files = files
  }
}

struct CachedConstruct: Sendable, CustomTestStringConvertible, CustomStringConvertible {
  typealias Kind = CacheLaboratory.Kind

  var description: String
  var testDescription: String { description }
  var scene: CacheScene
  /// Engines that re-use what they must not.
  var unsound: Set<Kind>
  /// Engines that are doubted although those measured do what is right.
  var doubted: Set<Kind> = []
  /// Those that can build it.
  var engines: Set<Kind>
  var edit: @Sendable (inout CacheScene) -> Void

  private static let containers: Set<Kind> = [.buildah, .podman]
  private static let mounts: Set<Kind> = [.buildah, .podman, .buildKit]
  private static let everyone = Set(Kind.allCases)

  private init(
    _ description: String, _ scene: CacheScene, unsound: Set<Kind> = [], engines: Set<Kind> = everyone,
    edit: @escaping @Sendable (inout CacheScene) -> Void
  ) {
    self.description = description
    self.scene = scene
    self.unsound = unsound
    self.engines = engines
    self.edit = edit
  }

  static func all(for kind: Kind) -> [CachedConstruct] {
    table.filter { construct in
      let isQuick = quick[kind]?.contains(construct.description) ?? false
      return construct.engines.contains(kind) && (CacheLaboratory.isSoaking || isQuick)
    }
  }

  /// What is tried in every run; everything when soaking.
  private static let quick: [Kind: Set<String>] = [
    .buildah: [
      "a bind mount", "an argument in ENV", "ONBUILD RUN with a bind mount", "COPY --from an image", "ADD of a URL",
      "the times of files alone",
    ],
    .podman: ["an argument in LABEL"],
    .buildKit: ["the mode of a directory", "the owner of a file in a stage", "a bind mount"],
    .legacy: ["where a link to another directory leads", "a proxy that nothing declares", "ONBUILD COPY"],
  ]

  /// A stage with a shell.
  private static let shell = "FROM scratch\nCOPY sh /bin/sh\n"

  private static func onShell(_ lines: String) -> CacheScene { CacheScene(shell + lines) }

  private static func onImage(_ dockerfile: String, upstream: String, files: [String: String] = [:]) -> CacheScene {
    var scene = CacheScene(dockerfile, files: files)
    scene.upstream = (upstream, "one\n")
    return scene
  }

  /// An argument whose value changes.
  private static func argument(
    _ name: String, _ lines: String, unsound: Set<Kind> = [], engines: Set<Kind> = everyone
  ) -> CachedConstruct {
    var scene = onShell(lines)
    scene.arguments = ["X": "1"]
    return CachedConstruct("an argument in \(name)", scene, unsound: unsound, engines: engines) {
      $0.arguments = ["X": "2"]
    }
  }

  private static func content(
    _ name: String, _ scene: CacheScene, unsound: Set<Kind> = [], engines: Set<Kind> = everyone
  ) -> CachedConstruct {
    CachedConstruct(name, scene, unsound: unsound, engines: engines) { $0.files["d"] = "two\n" }
  }

  private static func upstream(
    _ name: String, _ scene: CacheScene, unsound: Set<Kind> = [], engines: Set<Kind> = everyone
  ) -> CachedConstruct {
    CachedConstruct(name, scene, unsound: unsound, engines: engines) { $0.upstream?.data = "two\n" }
  }

  private static func tree(
    _ name: String, unsound: Set<Kind> = [], before: (inout CacheScene) -> Void = { _ in },
    edit: @escaping @Sendable (inout CacheScene) -> Void
  ) -> CachedConstruct {
    var scene = onShell("COPY t /t\n")
    scene.files = ["t/s/f": "\(name)\n", "t/g": "x"]
    before(&scene)
    return CachedConstruct(name, scene, unsound: unsound, edit: edit)
  }

  private static let data = shell + "COPY d /d\n"
  private static let stage = "FROM scratch AS s\nCOPY sh /bin/sh\n"

  static let table: [CachedConstruct] = files + mountsAndImages + arguments + triggers + others

  private static let files: [CachedConstruct] = [
    content("the content of a file", onShell("COPY d /d\n")),
    CachedConstruct("the mode of a file", onShell("COPY d /d\n")) {
      $0.modes["d"] = 0o755
    },
    CachedConstruct("the setuid bit of a file", onShell("COPY d /d\n")) { $0.modes["d"] = 0o4644 },
    CachedConstruct("the times of files alone", onShell("COPY d /d\n")) {
      $0.modified += 100_000
    },
    tree("the mode of a file in a tree") { $0.modes["t/g"] = 0o600 },
    tree("the mode of a directory") { $0.modes["t/s"] = 0o700 },
    tree("the sticky bit of a directory") { $0.modes["t/s"] = 0o1777 },
    tree(
      "where a link leads", unsound: [.legacy], before: { $0.links["t/l"] = "a" }, edit: { $0.links["t/l"] = "b" }),
    tree(
      "where a link to another directory leads", unsound: [.legacy],
      before: { $0.links["t/l"] = "/a" }, edit: { $0.links["t/l"] = "/b" }),
    tree("an empty directory that was added") { $0.directories.append("t/e") },
    tree("a file that was renamed") {
      $0.files["t/g"] = nil
      $0.files["t/h"] = "x"
    },
    CachedConstruct("a new match of a pattern", onShell("COPY d* /t/\n")) { $0.files["d2"] = "x" },
    CachedConstruct("--chown", onShell("COPY --chown=1:1 d /d\n")) {
      $0.dockerfile = shell + "COPY --chown=2:2 d /d\n"
    },
    CachedConstruct("--chmod", onShell("COPY --chmod=600 d /d\n"), engines: mounts) {
      $0.dockerfile = shell + "COPY --chmod=640 d /d\n"
    },
  ]

  private static let mountsAndImages: [CachedConstruct] = [
    content(
      "a bind mount", onShell("RUN --mount=type=bind,source=d,target=/m cp /m /out\n"), unsound: containers,
      engines: mounts),
    content(
      "a bind mount from a stage",
      CacheScene(stage + "COPY d /d\n" + shell + "RUN --mount=from=s,source=/d,target=/m cp /m /out\n"),
      unsound: mounts, engines: containers),
    CachedConstruct(
      "the owner of a file in a bind mount from a stage",
      CacheScene(stage + "COPY --chown=1:1 d /d\n" + shell + "RUN --mount=from=s,source=/d,target=/m owner /m /out\n"),
      unsound: mounts, engines: mounts
    ) {
      $0.dockerfile = stage + "COPY --chown=2:2 d /d\n" + shell
      $0.dockerfile += "RUN --mount=from=s,source=/d,target=/m owner /m /out\n"
    },
    upstream(
      "a bind mount from an image",
      onImage(shell + "RUN --mount=from=UP,source=/d,target=/m cp /m /out\n", upstream: data), engines: containers),
    content(
      "a cache mount from a stage",
      CacheScene(stage + "COPY d /c/d\n" + shell + "RUN --mount=type=cache,from=s,source=/c,target=/m cp /m/d /out\n"),
      unsound: containers, engines: mounts),
    upstream(
      "COPY --from an image", onImage("FROM scratch\nCOPY --from=UP /d /d\n", upstream: data),
      engines: [.buildah, .podman, .legacy]),
    upstream("FROM an image", onImage("FROM UP\nRUN cp /d /e\n", upstream: data)),
    CachedConstruct(
      "the owner of a file in an image",
      onImage("FROM scratch\nCOPY --from=UP /d /d\n", upstream: shell + "COPY --chown=1:1 d /d\n"),
      unsound: [.buildKit]
    ) { $0.upstream?.dockerfile = shell + "COPY --chown=2:2 d /d\n" },
    CachedConstruct(
      "the owner of a file in a stage",
      CacheScene(stage + "COPY --chown=1:1 d /d\nFROM scratch\nCOPY --from=s /d /d\n"), unsound: [.buildKit]
    ) { $0.dockerfile = stage + "COPY --chown=2:2 d /d\nFROM scratch\nCOPY --from=s /d /d\n" },
    CachedConstruct("the environment of an image", onImage("FROM UP\nRUN write /e $A\n", upstream: shell + "ENV A=1\n"))
    {
      $0.upstream?.dockerfile = shell + "ENV A=2\n"
    },
    // To BuildKit's question whether the file is still the same our small server gives no answer that it takes.
    CachedConstruct("ADD of a URL", onShell("ADD URL /f\n"), engines: [.buildah, .podman, .legacy]) {
      $0.download = "two"
    },
  ]

  private static let arguments: [CachedConstruct] = [
    argument("RUN", "ARG X=0\nRUN write /x $X\n"),
    argument("RUN, unnamed", "ARG X\nRUN write /x 1\n"),
    argument("COPY", "ARG X\nCOPY d /d$X\n"),
    argument("--chown", "ARG X\nCOPY --chown=$X d /d\n"),
    argument("ENV", "ARG X\nENV Y=$X\n", unsound: containers),
    argument("ENV before RUN", "ARG X\nENV Y=$X\nRUN write /x $Y\n"),
    argument("LABEL", "ARG X\nLABEL y=$X\n", unsound: containers),
    argument("LABEL before RUN", "ARG X\nLABEL y=$X\nRUN write /x 1\n"),
    argument("LABEL after RUN", "ARG X\nRUN write /x 1\nLABEL y=$X\n"),
    argument("LABEL, declared after RUN", "RUN write /x 1\nARG X\nLABEL y=$X\n", unsound: containers),
    argument("LABEL before COPY", "ARG X\nLABEL y=$X\nCOPY d /d\n", unsound: containers),
    argument("LABEL through ENV", "ARG X\nENV Y=$X\nLABEL z=$Y\n", unsound: containers),
    argument("LABEL through ARG", "ARG X\nARG Y=$X\nLABEL z=$Y\n", unsound: containers),
    argument("USER", "ARG X\nUSER $X\n", unsound: containers),
    argument("WORKDIR", "ARG X\nWORKDIR /w$X\n", unsound: containers),
    argument("EXPOSE", "ARG X\nEXPOSE $X\n", unsound: containers),
    argument("VOLUME", "ARG X\nVOLUME /v$X\n", unsound: containers),
    argument("CMD", "ARG X\nCMD echo $X\n"),
    argument("ENTRYPOINT", "ARG X\nENTRYPOINT [\"a\", \"$X\"]\n"),
    CachedConstruct(
      "the default of a global argument in LABEL", CacheScene("ARG X=1\n" + shell + "ARG X\nLABEL y=$X\n"),
      unsound: containers
    ) { $0.dockerfile = "ARG X=2\n" + shell + "ARG X\nLABEL y=$X\n" },
    // By docker's rules the next stage knows the argument. Those measured do not hand it on; others of the kind may.
    {
      var scene = CacheScene(stage + "ARG X\nFROM s\nLABEL y=$X\n")
      scene.arguments = ["X": "1"]
      var construct = CachedConstruct("an argument of a stage in LABEL of the next", scene, engines: containers) {
        $0.arguments = ["X": "2"]
      }
      construct.doubted = containers
      return construct
    }(),
    CachedConstruct(
      "a proxy that nothing declares",
      {
        var scene = onShell("RUN write /p $http_proxy\n")
        scene.arguments = ["http_proxy": "http://a.invalid"]
        return scene
      }(), unsound: everyone
    ) { $0.arguments = ["http_proxy": "http://b.invalid"] },
  ]

  private static let triggers: [CachedConstruct] = [
    content(
      "ONBUILD COPY", onImage("FROM UP\n", upstream: shell + "ONBUILD COPY d /src/d\n", files: ["d": "one\n"])),
    content(
      "ONBUILD RUN with a bind mount",
      onImage(
        "FROM UP\n", upstream: shell + "ONBUILD RUN --mount=type=bind,source=d,target=/m cp /m /out\n",
        files: ["d": "one\n"]), unsound: containers, engines: mounts),
    CachedConstruct(
      "ONBUILD LABEL with an argument",
      {
        var scene = onImage("FROM UP\n", upstream: shell + "ONBUILD ARG X\nONBUILD LABEL y=$X\n")
        scene.arguments = ["X": "1"]
        return scene
      }(), unsound: containers
    ) { $0.arguments = ["X": "2"] },
    content(
      "ONBUILD that only waits", onShell("COPY d /d\nONBUILD RUN --mount=target=/m cp /m/d /out\n"),
      engines: mounts),
  ]

  private static let others: [CachedConstruct] = [
    CachedConstruct("the command", onShell("RUN write /x 1\n")) { $0.dockerfile = shell + "RUN write /x 2\n" },
    CachedConstruct("the form of CMD", onShell("CMD [\"a b\"]\n")) { $0.dockerfile = shell + "CMD [\"a\", \"b\"]\n" },
    CachedConstruct(
      "the target",
      {
        var scene = CacheScene("FROM scratch AS a\nCOPY d /a\nFROM scratch AS b\nCOPY d /b\n")
        scene.target = "a"
        return scene
      }()
    ) { $0.target = "b" },
  ]
}
