import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// The fingerprint is a format: these tests fail when its meaning changes, and then its version must change too.
struct InputEncodingTests {
  @Test func theEncodingIsThis() {
    let inputs = StepInputs([
      StepInput(.upstream, "docker/base:1", "out"), StepInput(.context, "b", "file 0644 x"),
      StepInput(.context, "a", ""), StepInput(.dockerfile, "", "RUN z"), StepInput(.dockerfile, "", "RUN a"),
      StepInput(.recipe, "kind", "docker 1"), StepInput(.base, "u", "unpinned"), StepInput(.argument, "J", "4"),
    ])
    let files =
      "coppice-inputs 2\n" + "\u{3}\u{0}\u{0}\u{0}\u{1}a\u{0}\u{0}\u{0}\u{0}"
      + "\u{3}\u{0}\u{0}\u{0}\u{1}b\u{0}\u{0}\u{0}\u{B}file 0644 x"
    #expect(inputs.encodedFiles.map { String(decoding: $0, as: UTF8.self) } == files)
    let expected =
      "coppice-inputs 2\n"
      + "\u{0}\u{0}\u{0}\u{0}\u{4}kind\u{0}\u{0}\u{0}\u{8}docker 1"
      + "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{5}RUN z" + "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{5}RUN a"
      + "\u{2}\u{0}\u{0}\u{0}\u{1}J\u{0}\u{0}\u{0}\u{1}4"
      + "\u{3}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{47}\(Digest.sha256(files))"
      + "\u{4}\u{0}\u{0}\u{0}\u{1}u\u{0}\u{0}\u{0}\u{8}unpinned"
      + "\u{5}\u{0}\u{0}\u{0}\u{D}docker/base:1\u{0}\u{0}\u{0}\u{3}out"
    #expect(String(decoding: inputs.encoded, as: UTF8.self) == expected)
    #expect(inputs.fingerprint.digest == .sha256(expected))
    #expect(inputs.fingerprint.description == "sha256:2a08b418e7b39361a2dd1bee801b103ebf171acd1fb48851967a1f7e3885bb08")
  }

  private static func recipe() throws -> ImageRecipe {
    let directory: FilePath = "/repository/a/1"
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: "a", tag: "1"),
      definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 2),
      reference: try ImageReference("cati/a:1"),
      dockerfile: DockerfileFacts(
        file: directory / "Dockerfile", text: [],
        instructions: ["FROM ubuntu:24.04", "COPY . /"].enumerated().map {
          DockerfileInstruction(
            canonical: $1, location: SourceLocation(file: directory / "Dockerfile", line: $0 + 1))
        }, uses: [], reach: .whole(reason: "all")),
      platform: Platform(os: "linux", architecture: "arm", variant: "v7"))
    recipe.buildArguments = ["JOBS": "4", "SVN_TOKEN": "hunter2"]
    recipe.target = "runtime"
    recipe.test = ["true", "a b"]
    recipe.isReproducible = true
    recipe.renderedFiles = ["conf": Array("x".utf8)]
    return recipe
  }

  @Test func anImageIsMadeOfThis() throws {
    let files = InMemoryFileSystem()
    files.write("a/1/dir/file", "content", mode: 0o4755)
    files.link("a/1/link", to: "dir/file")
    let recipe = try Self.recipe()
    let reader = InputReader(files: files, programDirectories: [])
    let inputs = reader.inputs(
      of: .image(recipe), snapshot: try reader.snapshot(of: .image(recipe), index: FileIndex()),
      bases: [
        (try ImageReference("ubuntu:24.04"), PinnedBase(digest: .sha256("base"))), (try ImageReference("x"), nil),
      ],
      upstreams: [(ArtifactID(kind: .docker, name: "b", tag: "1"), .sha256("b"))], generation: 2)
    let shown = inputs.inputs.map {
      "\($0.group) \(String(decoding: $0.name, as: UTF8.self)) = \(String(decoding: $0.value, as: UTF8.self))"
    }
    #expect(
      shown == [
        "recipe generation = 2", "recipe kind = docker 1", "recipe platform = linux/arm/v7",
        "recipe reproducible = true", "recipe target = runtime", "recipe test = 4:true 3:a b",
        "dockerfile  = FROM ubuntu:24.04", "dockerfile  = COPY . /", "argument JOBS = 4",
        "argument SVN_TOKEN = digest of value \(Digest.sha256("hunter2"))",
        "context conf = file 0644 \(Digest.sha256("x"))", "context dir = directory 0755",
        "context dir/file = file 4755 \(Digest.sha256("content"))", "context link = link dir/file",
        "base docker.io/library/ubuntu:24.04 = \(Digest.sha256("base"))", "base docker.io/library/x:latest = unpinned",
        "upstream docker/b:1 = \(Digest.sha256("b"))",
      ])
    #expect(inputs.fingerprint.description == "sha256:f5f0c6ba2b10063e9aad01f4224eb0b724811e2bb66ca712c571a9ab9f30ee53")
  }

  @Test func noSecretStandsInAList() throws {
    let reader = InputReader(files: InMemoryFileSystem(), programDirectories: [])
    var recipe = try Self.recipe()
    recipe.buildArguments = ["Api_Key": "hunter2", "MY_PASSWORD": "hunter2", "GITHUB_AUTH": "hunter2"]
    let inputs = reader.inputs(of: .image(recipe), snapshot: ContextSnapshot(), bases: [], upstreams: [], generation: 0)
    #expect(!String(decoding: inputs.encoded, as: UTF8.self).contains("hunter2"))
  }

  static func randomInputs(_ random: inout SeededGenerator) -> [StepInput] {
    (0..<Int.random(in: 0...12, using: &random)).map { _ in
      let group = InputGroup.allCases.randomElement(using: &random) ?? .recipe
      let (name, value) = (Int.random(in: 0...3, using: &random), Int.random(in: 0...3, using: &random))
      return StepInput(
        group, name: group.isSequence ? [] : random.bytes(name).map { $0 % 4 }, value: random.bytes(value))
    }
  }

  @Test func whatIsEncodedIsDecoded() throws {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: seed)
      let inputs = StepInputs(Self.randomInputs(&random))
      let again = try StepInputs(encoded: inputs.encoded)
      #expect(again == inputs, "seed \(seed)")
      #expect(again.fingerprint == inputs.fingerprint, "seed \(seed)")
    }
  }

  @Test func fingerprintsAreEqualExactlyWhenTheListsAre() {
    var random = SeededGenerator(seed: 7)
    var known: [Fingerprint: [StepInput]] = [:]
    for _ in 0..<2_000 {
      let inputs = StepInputs(Self.randomInputs(&random))
      if let same = known[inputs.fingerprint] { #expect(same == inputs.inputs) }
      known[inputs.fingerprint] = inputs.inputs
    }
    #expect(Set(known.values).count == known.count)
  }

  @Test func theOrderCountsForInstructionsAndStepsOnly() {
    for seed in 0..<300 {
      var random = SeededGenerator(seed: seed)
      var names = Set<[UInt8]>()
      let inputs = Self.randomInputs(&random).filter { $0.group.isSequence || names.insert($0.name).inserted }
      let (sequence, others) = (inputs.filter(\.group.isSequence), inputs.filter { !$0.group.isSequence })
      let isSameBackwards = InputGroup.allCases.allSatisfy { group in
        let own = sequence.filter { $0.group == group }
        return own == own.reversed()
      }
      let shuffled = StepInputs(sequence + others.shuffled(using: &random))
      #expect(shuffled.fingerprint == StepInputs(inputs).fingerprint, "seed \(seed)")
      let reversed = StepInputs(sequence.reversed() + others)
      #expect((reversed.fingerprint == shuffled.fingerprint) == isSameBackwards, "seed \(seed)")
    }
  }

  @Test func damagedListsAreRefusedOrAreOtherLists() {
    for seed in 0..<300 {
      var random = SeededGenerator(seed: seed)
      let inputs = StepInputs(Self.randomInputs(&random))
      var bytes = inputs.encoded
      let cut = Int.random(in: 0...bytes.count, using: &random)
      if let shorter = try? StepInputs(encoded: Array(bytes[..<cut])) {
        let others = inputs.inputs.filter { $0.group != .context }
        #expect(shorter.inputs.elementsEqual(others.prefix(shorter.inputs.count)), "seed \(seed)")
        #expect(cut == bytes.count || shorter.fingerprint != inputs.fingerprint, "seed \(seed)")
      }
      let place = Int.random(in: bytes.indices, using: &random)
      bytes[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      if let other = try? StepInputs(encoded: bytes) { #expect(other != inputs, "seed \(seed)") }
    }
    #expect(throws: Failure.self) { try StepInputs(encoded: Array("coppice-inputs 1\n".utf8)) }
    #expect(throws: Failure.self) { try StepInputs(encoded: []) }
  }

  @Test func everyGroupHasADigestOfItsOwn() {
    let list = [StepInput(.context, "a", "1"), StepInput(.argument, "J", "4"), StepInput(.argument, "K", "5")]
    let digests = StepInputs(list).groupDigests
    #expect(Set(digests.keys) == [.context, .argument])
    #expect(StepInputs([list[0], list[1]]).groupDigests[.context] == digests[.context])
    #expect(StepInputs([list[0], list[1]]).groupDigests[.argument] != digests[.argument])
  }
}
