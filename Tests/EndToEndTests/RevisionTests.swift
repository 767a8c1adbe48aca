import BuildRecords
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// `build --changed-since`, beside what a real checkout of the revision is made of.
@Suite struct RevisionTests {
  /// What `--changed-since` chooses: `--force` has a reason for each target and for nothing else.
  /// - Returns: nil where faults of today let nothing be built.
  static func chosen(_ tree: Repository, _ revision: String, in directory: FilePath = "") async throws -> [String]? {
    let run = try await tree.coppice(
      ["build", "-n", "--progress", "json", "--force", "chosen", "--changed-since", revision], in: directory)
    if run.exitCode == 2 { return nil }
    try #require(run.exitCode == 0, "\(run.all)")
    let steps = try JSONValue(parsing: run.output)["steps"]?.array ?? []
    return steps.filter { step in
      step["reasons"]?.array?.contains { $0["kind"]?.string == "forced" } ?? false
    }.compactMap { $0["id"]?.string }.sorted()
  }

  /// What each image of a tree is made of, with all that is upstream of it; nil where it cannot be built.
  static func fingerprints(_ tree: Repository, _ directory: FilePath) async throws -> [String: Fingerprint]? {
    guard try await tree.coppice(["build", "--touch", "-q", "-r", directory.description]).exitCode == 0 else {
      return nil
    }
    let place = directory / "coppice.lock"
    // A tree without images has no lockfile.
    let bytes = try Laboratory.files.contentsIfPresent(of: place, limit: 1 << 20) ?? []
    let lockfile =
      bytes.isEmpty ? Lockfile() : try LockfileReader.read(String(decoding: bytes, as: UTF8.self), file: place).0
    let images = lockfile.records.filter { $0.key.kind == .docker }
    return Dictionary(uniqueKeysWithValues: images.map { ($0.key.description, $0.value.fingerprint) })
  }

  @Test(arguments: 0..<2)
  func whatIsChosenIsWhatACheckoutOfTheRevisionIsMadeOfOtherwise(part: Int) async throws {
    var (compared, chosenOnes, left) = (0, 0, 0)
    for seed in Soak.seeds(2, part: part) {
      var history = try await RandomHistory(seed: seed)
      var revisions = [try await history.commit()]
      for _ in 0..<2 {
        try history.edit(1)
        revisions.append(try await history.commit())
      }
      try history.edit(Int.random(in: 0...2, using: &history.random))
      let lock = try history.lockfile()
      for revision in revisions {
        try history.restore(lock)
        let checkout = try await history.checkOut(revision, lock)
        guard let before = try await Self.fingerprints(history.tree, checkout) else { continue }
        guard let chosen = try await Self.chosen(history.tree, revision) else {
          #expect(try await history.tree.coppice("build", "--touch").exitCode == 2, "seed \(seed)")
          break
        }
        let now = try #require(try await Self.fingerprints(history.tree, history.tree.directory.path))
        #expect(chosen == now.filter { before[$0.key] != $0.value }.map(\.key).sorted(), "seed \(seed): \(history.log)")
        compared += 1
        chosenOnes += chosen.count
        left += now.count - chosen.count
      }
    }
    Soak.tell("\(compared) revisions compared, \(chosenOnes) images chosen, \(left) left")
    // A long run compares much, and of both kinds.
    #expect(compared > 3 && chosenOnes > 0 && left > 0, "\((compared, chosenOnes, left))")
  }
}

@Suite struct RevisionPlaceTests {
  /// A repository below the top of the work tree, with what lies elsewhere in it and outside of it.
  @Test func whatLiesWhereTheRevisionCannotTellIsAsItIs() async throws {
    let tree = try await Repository()
    try tree.write("project/images/coppice.yaml", "namespace: cati\nsingularity: false\n")
    let images = FilePath("project/images")
    func define(_ name: String, in share: FilePath, copying: String) throws {
      let yaml = "image_sources: [{name: \(name), tags: ['1']}]\n"
      try tree.write(share / "docker/\(name)/1/casa_distro_docker.yaml", yaml)
      try tree.write(share / "docker/\(name)/1/Dockerfile", "FROM scratch\nCOPY \(copying) /\n")
      try tree.write(share / "docker/\(name)/1/\(copying)", "one\n")
    }
    try define("inside", in: images / "share", copying: "f")
    try define("user", in: "home/.config/casa-distro", copying: "f")
    try define("linked", in: images / "share", copying: "g")
    let link = tree.directory / "project/images/share/docker/linked/1/g"
    try Laboratory.files.remove(link)
    try Laboratory.files.createLink(link, to: "../../../../../lib/tool")
    try tree.write("project/lib/tool", "one\n")
    func git(_ words: String...) async throws {
      let run = try await tree.run(["git"] + words, in: "project")
      try #require(run.exitCode == 0, "\(run.all)")
    }
    try await git("init", "-q", "-b", "main")
    try tree.write("project/.gitignore", ".coppice/\n*.o\n")
    try await git("add", "-A")
    try await git("commit", "-qm", "one")
    func chosen() async throws -> [String]? { try await RevisionTests.chosen(tree, "main", in: images) }
    #expect(try await chosen() == [])
    try tree.write("home/.config/casa-distro/docker/user/1/f", "two\n")
    #expect(try await chosen() == [], "git knows nothing of it")
    try tree.write("project/lib/tool", "two\n")
    #expect(try await chosen() == ["docker/linked:1"])
    try await tree.coppice(["build", "--touch"], in: images).expectSuccess()
    #expect(try await chosen() == ["docker/linked:1"], "a lockfile that git does not have says nothing of then")
    try tree.write("project/images/share/docker/inside/1/Dockerfile", "FROM scratch\n# nothing else\n\nCOPY f /\n")
    #expect(try await chosen() == ["docker/linked:1"], "the same instructions")
    try tree.write("project/images/share/docker/inside/1/f.o", "seen by no instruction\n")
    #expect(try await chosen() == ["docker/linked:1"])
    try tree.write("project/images/share/docker/inside/1/Dockerfile", "FROM scratch\nCOPY f* /\n")
    let run = try await tree.coppice(["build", "-v", "-n", "--changed-since", "main"], in: images)
    #expect(run.errorOutput.contains("docker/inside:1 is not what it was at main: Dockerfile:2 changed"), "\(run.all)")
  }

  @Test func everyKindOfInputCounts() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let app: FilePath = "share/docker/app/1"
    let yaml = """
      image_sources: [{name: app, tags: ['1'], build_args: {V: '%(casa_version)s'}}]
      generate: [{output: made, command: [cp, in, "{output}"], inputs: [in]}]

      """
    try tree.write(app / "casa_distro_docker.yaml", yaml)
    try tree.write(app / "Dockerfile", "FROM cati/base:1\nCOPY made x link/ /\n")
    try tree.write(app / "x.template", "%(casa_version)s\n")
    try tree.write(app / "in", "one\n")
    try tree.write("lib/f", "one\n")
    let link = tree.directory / app / "link"
    try Laboratory.files.createLink(link, to: "../../../../lib")
    func pin(_ text: String) throws {
      var lockfile = Lockfile()
      let base = try ImageReference("ubuntu:24.04").canonical
      lockfile.pins[.init(reference: base, platform: .host)] = PinnedBase(digest: .sha256(text))
      try tree.write("coppice.lock", LockfileWriter.text(lockfile))
    }
    try pin("one")
    try tree.write(".gitignore", ".coppice/\nhome/\n*.o\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "one")
    let all = ["docker/app:1", "docker/base:1", "docker/tools:1"]
    let edits: [(String, [String], () throws -> Void)] = [
      ("nothing", [], {}),
      ("a pin", all, { try pin("two") }),
      ("settings", ["docker/app:1"], { try tree.write("coppice.yaml", "casa_version: '2'\nsingularity: false\n") }),
      (
        "settings that no image is made of", [],
        { try tree.write("coppice.yaml", "namespace: cati\nsingularity: false\njobs: 2\n") }
      ),
      ("an input of a generator", ["docker/app:1"], { try tree.write(app / "in", "two\n") }),
      ("a template", ["docker/app:1"], { try tree.write(app / "x.template", "2\n") }),
      ("a mode", all, { try Laboratory.files.setMode(0o755, of: tree.directory / "share/docker/base/1/data.txt") }),
      ("a file behind a link", ["docker/app:1"], { try tree.write("lib/f", "two\n") }),
      ("an ignored file behind a link", ["docker/app:1"], { try tree.write("lib/f.o", "one\n") }),
      (
        "a link", ["docker/app:1"],
        {
          try Laboratory.files.remove(link)
          try Laboratory.files.createLink(link, to: "../../../../lib/none")
        }
      ),
      ("an ignore file", all, { try tree.write("share/docker/base/1/.dockerignore", "*.txt\n") }),
      (
        "tags", [],
        {
          try tree.write(app / "casa_distro_docker.yaml", yaml.replacing("['1']", with: "[other, '1']"))
        }
      ),
    ]
    for (name, expected, edit) in edits {
      try edit()
      #expect(try await RevisionTests.chosen(tree, "HEAD") == expected, "\(name)")
      try await tree.git("stash", "-q", "--include-untracked")
      try? Laboratory.files.remove(tree.directory / "lib/f.o")
    }
  }

  @Test func aRevisionThatNobodyCouldBuildChoosesAll() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write("coppice.yaml", "nonsense: 1\n")
    try tree.write("share/docker/base/1/casa_distro_docker.yaml", "nonsense: 1\n")
    try await tree.git("init", "-q", "-b", "main")
    try tree.write(".gitignore", ".coppice/\nhome/\n")
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "one")
    try tree.write("coppice.yaml", "namespace: cati\nsingularity: false\n")
    try tree.defineSketch()
    #expect(try await RevisionTests.chosen(tree, "main") == ["docker/app:1", "docker/base:1", "docker/tools:1"])
    try await tree.git("commit", "-qam", "two")
    #expect(try await RevisionTests.chosen(tree, "main") == [])
  }
}

extension Run {
  fileprivate func expectSuccess() throws { try #require(exitCode == 0, "\(all)") }
}
