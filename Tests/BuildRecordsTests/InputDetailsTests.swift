import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What is kept beside a list of inputs, and what is made of it.
struct InputDetailsTests {
  private static func details(_ random: inout SeededGenerator) -> InputDetails {
    var details = InputDetails()
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let text = random.bytes(Int.random(in: 0...40, using: &random))
      details.texts[.sha256(text)] = text
    }
    if random.once(in: 2) { details.ignore = IgnoreFile(name: ".dockerignore", patterns: ["*.log", "!é\"\n"]) }
    for name in ["Dockerfile", "a \"b\""] where random.once(in: 2) {
      details.templates[name] = InputDetails.Template(
        name: name + ".template", digest: .sha256(name),
        parameters: ["p": Located("v\n%", at: SourceLocation(file: "d.yaml", line: 3, column: 4))])
    }
    return details
  }

  @Test func detailsAreReadBackAndDamageIsSeen() {
    for seed in Soak.seeds(200) {
      var random = SeededGenerator(seed: seed)
      let details = Self.details(&random)
      var bytes = details.encoded
      #expect(InputDetails(encoded: bytes) == details, "seed \(seed)")
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      #expect(InputDetails(encoded: bytes) == nil, "seed \(seed)")
      #expect(InputDetails(encoded: Array(details.encoded[..<place])) == nil, "seed \(seed)")
    }
    #expect(InputDetails(encoded: []) == nil)
  }

  private static let directory: FilePath = "/repository/a/1"

  private static func recipe() throws -> ImageRecipe {
    ImageRecipe(
      id: ArtifactID(kind: .docker, name: "a", tag: "1"),
      definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 2),
      reference: try ImageReference("cati/a:1"),
      dockerfile: DockerfileFacts(
        file: directory / "Dockerfile", text: [],
        instructions: [DockerfileInstruction(canonical: "COPY . /", location: SourceLocation(file: "Dockerfile"))],
        uses: [], reach: .whole(reason: "all")),
      platform: Platform(os: "linux", architecture: "amd64"))
  }

  private static func read(_ files: InMemoryFileSystem, _ recipe: ImageRecipe) throws -> (InputDetails, StepInputs) {
    let reader = InputReader(files: files, programDirectories: [])
    let inputs = reader.inputs(
      of: .image(recipe), snapshot: try reader.snapshot(of: .image(recipe), index: FileIndex()), bases: [],
      upstreams: [], generation: 0)
    return (DetailReader(files: files).details(of: .image(recipe), inputs), inputs)
  }

  @Test func smallTextsAreKeptAndNothingElse() throws {
    let files = InMemoryFileSystem()
    files.write("a/1/text", "hello\n")
    files.write("a/1/empty", "")
    files.write("a/1/large", String(repeating: "x", count: 65_537))
    files.write("a/1/binary", bytes: [104, 0, 105])
    files.write("a/1/latin", bytes: [0xE9, 0x0A])
    files.link("a/1/link", to: "text")
    for name in [".env", "a.pem", "id_rsa.pub", "db_password.txt", ".ssh/config", "key.KEY", "x/token/y"] {
      files.write(FilePath("a/1/\(name)"), "secret of \(name)")
    }
    files.write("a/1/notes", "-----BEGIN RSA PRIVATE KEY-----\n")
    files.write("a/1/declared", "a declared secret")
    var recipe = try Self.recipe()
    recipe.renderedFiles = ["made": Array("rendered\n".utf8), "conf": Array("svn hunter2\n".utf8)]
    recipe.templates["conf"] = TemplateSource(
      file: Self.directory / "conf.template", text: Array("svn %(svn_token)s\n".utf8),
      parameters: ["svn_token": Located("hunter2", at: recipe.location)])
    recipe.secrets = [BuildSecret(id: "x", source: .file(Self.directory / "declared"))]
    let (details, _) = try Self.read(files, recipe)
    #expect(details.templates["conf"]?.parameters["svn_token"]?.value == "digest of value \(Digest.sha256("hunter2"))")
    #expect(
      Set(details.texts.values.map { String(decoding: $0, as: UTF8.self) }) == ["hello\n", "", "rendered\n"])
    #expect(details.texts.allSatisfy { $0 == .sha256($1) })
  }

  /// Words of a rendered Dockerfile, the value of its parameter, and what lists hold; nil where they hold digests alone.
  @Test(arguments: [
    ("ENV P=hunter2 Q=a", "hunter2", "ENV P=SHOWN Q=a"), ("ENV P=plain", "hunter2", nil),
    ("ENV P=x-hunter2-x", "%(user)s-hunter2", nil), ("ENV P=1", "", "ENV P=1"),
  ])
  func secretsOfATemplateAreNotInLists(instruction: String, value: String, expected: String?) throws {
    var recipe = try Self.recipe()
    let texts = [instruction, "RUN make"]
    recipe.dockerfile.instructions = texts.map { DockerfileInstruction(canonical: $0, location: recipe.location) }
    recipe.templates["Dockerfile"] = TemplateSource(
      file: Self.directory / "Dockerfile.template", text: Array("ENV P=%(db_password)s\n".utf8),
      parameters: [
        "db_password": Located(value, at: recipe.location), "user": Located("x", at: recipe.location),
      ])
    let (details, inputs) = try Self.read(InMemoryFileSystem(root: Self.directory), recipe)
    let shown = "digest of value \(Digest.sha256(value))"
    let listed = inputs[.dockerfile].map { String(decoding: $0.value, as: UTF8.self) }
    #expect(
      listed
        == (expected.map { [$0.replacing("SHOWN", with: shown), "RUN make"] }
          ?? texts.map { "digest of \(Digest.sha256($0))" }))
    // What is kept beside the list belongs to it all the same.
    #expect(details.templates["Dockerfile"] != nil)
  }

  @Test func allTextsOfAListAreBounded() throws {
    let files = InMemoryFileSystem()
    for number in 0..<40 { files.write(FilePath("a/1/\(number)"), String(repeating: "\(number) ", count: 20_000)) }
    let (details, _) = try Self.read(files, try Self.recipe())
    #expect(details.texts.count > 10)
    #expect(details.texts.values.reduce(0) { $0 + $1.count } <= 1 << 20)
  }

  @Test func aTextThatIsNotTheOneOfTheListIsNotKept() throws {
    let files = InMemoryFileSystem()
    files.write("a/1/text", "before\n")
    let recipe = try Self.recipe()
    let (_, inputs) = try Self.read(files, recipe)
    files.write("a/1/text", "after\n")
    #expect(DetailReader(files: files).details(of: .image(recipe), inputs).texts == [:])
  }

  // MARK: explaining

  private static func template(_ text: String, _ parameters: [String: String]) -> InputDetails.Template {
    InputDetails.Template(
      name: "Dockerfile.template", digest: .sha256(text),
      parameters: parameters.mapValues { Located($0, at: SourceLocation(file: "d.yaml", line: $0.count)) })
  }

  private static func explained(
    _ change: InputChange, _ before: InputDetails, _ after: InputDetails
  ) throws -> InputChange {
    let reasons = ChangeExplainer(before: before, after: after).explained([.neverBuilt, .inputsChanged([change])])
    guard case .inputsChanged(let changes)? = reasons.last else { return change }
    #expect(reasons.count == 2 && changes.count == 1)
    return try #require(changes.first)
  }

  @Test func theTargetIsTheCauseWhereBothAreKnown() throws {
    var (before, after) = (InputDetails(), InputDetails())
    let change = InputChange(.dockerfile, .added, "", after: "RUN x")
    let (place, other) = (SourceLocation(file: "d.yaml", line: 4), SourceLocation(file: "d.yaml", line: 2))
    after.target = .init("two", number: 1, at: place)
    #expect(try Self.explained(change, before, after).causes == [])
    before.target = .init(nil, number: 2, at: other)
    #expect(
      try Self.explained(change, before, after).causes == [.target(before: nil, after: "two", location: place)])
    // The same stage, by whatever name.
    for same in [
      InputDetails.Target("two", number: 1, at: other), .init(nil, number: 1, at: other),
      .init("2", number: 1, at: other),
    ] {
      before.target = same
      #expect(try Self.explained(change, before, after).causes == [])
    }
    #expect(InputDetails(encoded: after.encoded) == after)
  }

  @Test func anInstructionThatNobodyChangedIsSaidSo() throws {
    var (before, after) = (InputDetails(), InputDetails())
    func causes(_ first: String, _ second: String) throws -> [InputCause] {
      try Self.explained(InputChange(.dockerfile, .modified, "", before: first, after: second), before, after).causes
    }
    before.written = ["FROM cati/old:1": "FROM cati/x:latest"]
    #expect(
      try causes("FROM cati/old:1", "FROM cati/x:latest") == [.meaning(instruction: "FROM cati/x:latest")])
    #expect(try causes("FROM cati/old:1", "FROM cati/x:latest2") == [])
    let edit = InputChange(.dockerfile, .modified, "", before: "FROM cati/old:1", after: "FROM cati/x:2")
    #expect(try Self.explained(edit, before, after).diff == ["-FROM cati/x:latest", "+FROM cati/x:2"])
    #expect(try causes("RUN a", "RUN b") == [])
    after.written = ["FROM cati/new:1": "FROM cati/x:latest"]
    #expect(try causes("FROM cati/old:1", "FROM cati/new:1") == [.meaning(instruction: "FROM cati/x:latest")])
    before.written = [:]
    #expect(try causes("FROM cati/x:latest", "FROM cati/new:1") == [.meaning(instruction: "FROM cati/x:latest")])
    #expect(try causes("FROM cati/old:1", "FROM cati/new:1") == [])
    #expect(InputDetails(encoded: after.encoded) == after)
  }

  @Test func parametersAreTheCauseWhereTheTemplateIsTheSame() throws {
    var (before, after) = (InputDetails(), InputDetails())
    before.templates["Dockerfile"] = Self.template("FROM %(base)s", ["base": "a", "same": "x", "old": "1"])
    after.templates["Dockerfile"] = Self.template("FROM %(base)s", ["base": "bb", "same": "x", "new": "2"])
    let change = InputChange(.dockerfile, .modified, "", before: "FROM a", after: "FROM bb")
    #expect(
      try Self.explained(change, before, after).causes == [
        .parameter("base", before: "a", after: "bb", location: SourceLocation(file: "d.yaml", line: 2)),
        .parameter("new", before: nil, after: "2", location: SourceLocation(file: "d.yaml", line: 1)),
        .parameter("old", before: "1", after: nil, location: nil),
      ])
    #expect(try Self.explained(change, before, after).diff == ["-FROM a", "+FROM bb"])
    after.templates["Dockerfile"] = Self.template("FROM %(base)s # another", ["base": "bb"])
    #expect(try Self.explained(change, before, after).causes == [])
    #expect(try Self.explained(change, InputDetails(), after).causes == [])
  }

  @Test func theIgnoreFileIsTheCauseOfFilesThatItLeavesOutOrLetsIn() throws {
    var (before, after) = (InputDetails(), InputDetails())
    before.ignore = IgnoreFile(name: ".dockerignore", patterns: ["*.tmp"])
    after.ignore = IgnoreFile(name: ".dockerignore", patterns: ["*.log"])
    func causes(_ kind: InputChange.Kind, _ name: String) throws -> [InputCause] {
      try Self.explained(InputChange(.context, kind, name), before, after).causes
    }
    #expect(try causes(.removed, "a.log") == [.ignoreFile(".dockerignore")])
    #expect(try causes(.added, "a.tmp") == [.ignoreFile(".dockerignore")])
    #expect(try causes(.removed, "a.txt") == [])
    #expect(try causes(.added, "a.txt") == [])
    #expect(try causes(.modified, "a.log") == [])
  }

  @Test func textsThatAreKnownOnBothSidesAreCompared() throws {
    var (before, after) = (InputDetails(), InputDetails())
    before.texts[.sha256("a\n")] = Array("a\n".utf8)
    let change = InputChange(
      .context, .modified, "f", before: "file 0644 \(Digest.sha256("a\n"))", after: "file 0644 \(Digest.sha256("b\n"))")
    #expect(try Self.explained(change, before, after).diff == [])
    after.texts[.sha256("b\n")] = Array("b\n".utf8)
    #expect(try Self.explained(change, before, after).diff == ["@@ -1 +1 @@", "-a", "+b"])
  }
}
