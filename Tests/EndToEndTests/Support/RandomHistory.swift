import BuildRecords
import HostSystem
import ImageModel
import TestSupport

/// A repository of images with a random past in git: contexts with all that a commit can hold, templates, generators,
/// settings, pins, links to what they share.
struct RandomHistory {
  let tree: Repository
  var random: SeededGenerator
  private(set) var log: [String] = []
  private var contexts: [RandomContext]
  private let hasCommittedLockfile: Bool
  private let files = Laboratory.files

  init(seed: Int) async throws {
    tree = try await Repository()
    random = SeededGenerator(seed: seed)
    hasCommittedLockfile = seed % 3 != 0
    try tree.write(".gitignore", ".coppice/\nhome/\n*.o\n" + (hasCommittedLockfile ? "" : "coppice.lock\n"))
    try tree.write("shared/tool", "one\n")
    try tree.write("shared/deep/data", "one\n")
    contexts = []
    for (index, name) in ["a", "b"].enumerated() {
      let place = tree.directory / FilePath("share/docker/\(name)/1")
      contexts.append(try RandomContext(place, seed: seed &* 2 &+ index))
      try tree.write(
        "share/docker/\(name)/1/casa_distro_docker.yaml", "image_sources: [{name: \(name), tags: ['1']}]\n")
      try files.createLink(place / "tool-link", to: "../../../../shared/\(index == 0 ? "tool" : "deep")")
    }
    try tree.write("share/docker/c/1/Dockerfile.template", "FROM %(base)s\nCOPY made x* /\nRUN true\n")
    try tree.write("share/docker/c/1/in", "one\n")
    try tree.write("share/docker/c/1/x", "one\n")
    try tree.define("e/1", "image_sources: [{name: e, tags: ['1', two]}]\n", dockerfile: "FROM cati/c:1\nCOPY . /\n")
    try writeDefinition()
    try writeLockfile()
    for index in contexts.indices { try writeDockerfile(index) }
    try await tree.git("init", "-q", "-b", "main")
  }

  /// Modes that git keeps: the others are those of today by design.
  private func settle() throws {
    for context in contexts {
      for place in try context.places() {
        let path = context.directory / place.path
        if place.status.kind == .directory { try files.setMode(0o755, of: path) }
        if place.status.kind == .regular { try files.setMode(place.status.mode & 0o100 != 0 ? 0o755 : 0o644, of: path) }
      }
    }
  }

  func commit() async throws -> String {
    try settle()
    try await tree.git("add", "-A")
    try await tree.git("commit", "-q", "--allow-empty", "-m", "x")
    let result = try await Laboratory.run(["git", "rev-parse", "HEAD"], in: tree.directory.path)
    return String(String(decoding: result.output, as: UTF8.self).prefix { $0 != "\n" })
  }

  /// The revision in another directory, with the lockfile of today where git has none.
  func checkOut(_ revision: String, _ lock: [UInt8]) async throws -> FilePath {
    let place = tree.directory / FilePath("home/at-\(revision)")
    try await tree.git("worktree", "add", "-q", "--detach", "-f", place.description, revision)
    if !hasCommittedLockfile { try files.replace(place / "coppice.lock", with: lock, mode: 0o644) }
    return place
  }

  func lockfile() throws -> [UInt8] { try files.contents(of: tree.directory / "coppice.lock", limit: 1 << 20) }

  func restore(_ lock: [UInt8]) throws {
    try files.replace(tree.directory / "coppice.lock", with: lock, mode: 0o644)
  }

  // MARK: - Editing

  mutating func edit(_ count: Int) throws {
    for _ in 0..<count {
      let index = Int.random(in: contexts.indices, using: &random)
      switch Int.random(in: 0..<16, using: &random) {
      case 0..<6: log.append(try contexts[index].edit())
      case 6:
        try writeDockerfile(index)
        log.append("Dockerfile \(index)")
      case 7:
        try writeDefinition()
        log.append("definition")
      case 8:
        try writeLockfile()
        log.append("pins")
      case 9, 10:
        let name: FilePath = ["shared/tool", "shared/deep/data", "shared/deep/more", "shared/none"].pick(&random)
        try tree.write(name, "\(random.next() % 3)\n", mode: [0o644, 0o755].pick(&random))
        log.append("\(name)")
      case 11:
        let name: FilePath = ["in", "x", "xy", "notes"].pick(&random)
        try tree.write("share/docker/c/1" / name, "\(random.next() % 3)\n", mode: [0o644, 0o755].pick(&random))
        log.append("c: \(name)")
      case 12:
        // Ignored by git, seen by builds.
        try tree.write("share/docker/e/1/left.o", "\(random.next() % 3)\n")
        log.append("e: left.o")
      case 13:
        try tree.write(
          "coppice.yaml", "namespace: cati\nsingularity: false\ncasa_version: '\(random.next() % 2)'\njobs: 2\n")
        log.append("settings")
      case 14:
        if random.once(in: 2) {
          try tree.define("d/1", "image_sources: [{name: d, tags: ['1']}]\n", dockerfile: "FROM cati/e:two\n")
        } else {
          try files.removeTree(tree.directory / "share/docker/d")
        }
        log.append("d")
      default:
        let link = contexts[index].directory / "tool-link"
        try files.removeTree(link)
        try files.createLink(link, to: "../../../../shared/" / ["tool", "deep", "none", "deep/../tool"].pick(&random))
        log.append("tool-link \(index)")
      }
    }
    try settle()
  }

  private mutating func writeDockerfile(_ index: Int) throws {
    let base = index == 1 && random.once(in: 2) ? "cati/a:1" : ["debian:12", "alpine:3"].pick(&random)
    let text = try contexts[index].writeDockerfile(from: base)
    let link = random.once(in: 2) ? "COPY tool-link /t/\n" : ""
    try files.replace(
      contexts[index].directory / "Dockerfile", with: Array((text + link).utf8), mode: 0o644)
  }

  private mutating func writeDefinition() throws {
    let base = ["debian:12", "cati/a:1", "cati/b:1"].pick(&random)
    try tree.write(
      "share/docker/c/1/casa_distro_docker.yaml",
      """
      image_sources:
        - name: c
          tags: ['1']
          template_files_parameters: {base: "\(base)"}
          build_args: {V: '%(casa_version)s', W: '\(random.next() % 2)'}
      generate:
        - {output: made, command: [cp, in, "{output}"], inputs: [in]}

      """)
  }

  private mutating func writeLockfile() throws {
    var lockfile = Lockfile()
    for reference in ["debian:12", "alpine:3"] where !random.once(in: 4) {
      guard let base = try? ImageReference(reference) else { continue }
      let key = Lockfile.BaseKey(reference: base.canonical, platform: .host)
      let triggers = random.once(in: 3) ? ["COPY \(RandomContext.names.pick(&random))* /triggered/"] : []
      lockfile.pins[key] = PinnedBase(digest: .sha256("\(random.next() % 2)"), onBuild: triggers)
    }
    try files.replace(tree.directory / "coppice.lock", with: Array(LockfileWriter.text(lockfile).utf8), mode: 0o644)
  }
}
