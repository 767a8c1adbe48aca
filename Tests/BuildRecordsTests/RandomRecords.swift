import BuildRecords
import ImageModel
import TestSupport

/// Records and pins with names of every odd kind.
enum RandomRecords {
  static let ids = [
    "docker/casa-dev:ubuntu-18.04", "docker/a:1", "docker/a:yes", "docker/a:0x1F", "docker/a:1e9", "sif/a:1",
    "vbox/a:2024-01-01", "generate/a b/1:out put.tar", "generate/a/1:\"quoted\"", "generate/é/1:ü.tar",
    "generate/a: b/1:x #y", "generate/tab\t/1:x", "docker/null:1",
  ]
  /// Names that need no quotes: those of most trees.
  static let plainIDs = ids.filter { $0.allSatisfy { $0.isASCII && !" \"\t#".contains($0) } }
  static let references = [
    "docker.io/library/ubuntu:24.04", "localhost:5000/a:1",
    "docker.io/cati/b@sha256:\(String(repeating: "a", count: 64))",
  ]
  static let platforms = ["linux/amd64", "linux/arm/v7", "odd: one/x", "linux/#"]

  static func digest(_ random: inout SeededGenerator) -> Digest { Digest(bytes: random.bytes(32)) }

  static func record(_ random: inout SeededGenerator, ids: [String] = ids) -> BuildRecord {
    var groups: [InputGroup: Digest] = [:]
    for group in [InputGroup.recipe, .dockerfile, .argument, .context] where random.once(in: 2) {
      groups[group] = digest(&random)
    }
    var bases: [String: Digest] = [:]
    for reference in references where random.once(in: 2) { bases[reference] = digest(&random) }
    var upstreams: [ArtifactID: Digest] = [:]
    for id in ids.compactMap({ ArtifactID($0) }) where random.once(in: 5) { upstreams[id] = digest(&random) }
    return BuildRecord(
      fingerprint: Fingerprint(digest(&random)), groups: groups, bases: bases, upstreams: upstreams,
      output: ArtifactOutput(
        digest: digest(&random), content: random.once(in: 2) ? digest(&random) : nil,
        manifest: random.once(in: 2) ? digest(&random) : nil, size: Int.random(in: 0...(1 << 50), using: &random),
        isAssumed: random.once(in: 4)),
      generation: random.once(in: 2) ? 0 : Int.random(in: 1...9, using: &random),
      refreshed: random.once(in: 2) ? nil : Int.random(in: 0...2_000_000_000, using: &random))
  }

  static func lockfile(_ random: inout SeededGenerator, ids: [String] = ids) -> Lockfile {
    var lockfile = Lockfile()
    for id in ids.compactMap({ ArtifactID($0) }) where random.once(in: 2) {
      lockfile.records[id] = record(&random, ids: ids)
    }
    for reference in references {
      for platform in platforms.compactMap({ Platform($0) }) where random.once(in: 3) {
        lockfile.pins[.init(reference: reference, platform: platform)] = PinnedBase(
          digest: digest(&random), isLocal: random.once(in: 2),
          onBuild: random.once(in: 3) ? ["COPY . /src", "RUN echo \"a: b\" '#' \\ \u{e9}\n<<EOF"] : [],
          environment: random.once(in: 3) ? ["A": "a: \"b\" '#' \\ \u{e9}\n", "B": nil, "NULL": "null", "_": ""] : [:])
      }
    }
    return lockfile
  }
}
