import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct ContextStageTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("d/one", "1\n", mode: 0o640)
    try directory.write("d/sub/two", "2\n", mode: 0o755)
    try directory.write("d/text.template", "t")
    try files.createDirectory(directory / "d/sub/empty")
    try files.createLink(directory / "d/link", to: "../nowhere")
    try files.setModified(1_234_567_890_000_000_007, of: directory / "d/one")
    try files.setModified(1_000_000_000_000_000_000, of: directory / "d/sub")
    try files.setModified(5_000_000_000, of: directory / "d/link")
  }

  private var recipe: ImageRecipe {
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: "x", tag: "1"),
      definition: DefinitionSource(path: "x", directory: directory / "d", origin: .repository),
      location: SourceLocation(file: "y"), reference: ImageReference(repository: "x"),
      dockerfile: DockerfileFacts(file: "f", text: [], instructions: [], uses: [], reach: .selected([])),
      platform: Platform(os: "linux", architecture: "amd64"))
    recipe.renderedFiles = ["text": Array("rendered".utf8)]
    return recipe
  }

  private func file(_ path: String, _ text: String, mode: UInt16 = 0o644, source: Bool = true) -> StagedFile {
    StagedFile(
      path: Array(path.utf8), kind: .regular(Digest.sha256(text)), mode: mode,
      source: source ? directory / "d" / FilePath(path) : nil)
  }

  private func fill(_ staged: [StagedFile], generated: [FilePath: Digest] = [:]) throws {
    let root = directory.path
    try ContextStage(files: files) { root / FilePath($0.hex) }
      .fill(directory / "stage", with: staged, recipe: recipe, generated: generated)
  }

  @Test func theStageIsWhatWasHashedAndNothingElse() throws {
    try fill([
      StagedFile(
        path: Array("link".utf8), kind: .symbolicLink(target: Array("../nowhere".utf8)), mode: 0o777, source: nil),
      file("one", "1\n", mode: 0o640),
      StagedFile(path: Array("sub".utf8), kind: .directory, mode: 0o555, source: nil),
      StagedFile(path: Array("sub/empty".utf8), kind: .directory, mode: 0o700, source: nil),
      file("sub/two", "2\n", mode: 0o4755),
      file("text", "rendered", source: false),
    ])
    let stage = directory / "stage"
    #expect(try files.entries(of: stage).map(\.name) == ["link", "one", "sub", "text"])
    #expect(try files.entries(of: stage / "sub").map(\.name) == ["empty", "two"])
    #expect(try files.target(ofLink: stage / "link") == "../nowhere")
    let modes = try ["one", "sub", "sub/empty", "sub/two", "text"].map {
      try files.status(of: stage / FilePath($0), followingLinks: false).mode
    }
    #expect(modes == [0o640, 0o555, 0o700, 0o4755, 0o644])
    for path in ["one", "sub", "link"] {
      let (copy, source) = try (
        files.status(of: stage / FilePath(path), followingLinks: false),
        files.status(of: directory / "d" / FilePath(path), followingLinks: false)
      )
      #expect(copy.modified == source.modified)
      #expect(copy.inode != source.inode)
    }
    #expect(try directory.text("stage/text") == "rendered")
  }

  @Test func theSourceIsNotTouched() throws {
    let before = try files.status(of: directory / "d/one", followingLinks: false)
    try fill([file("one", "1\n")])
    #expect(try files.status(of: directory / "d/one", followingLinks: false) == before)
  }

  @Test func parentsOfAFileAreMadeAsEnginesMakeThem() throws {
    try fill([file("sub/two", "2\n")])
    #expect(try files.status(of: directory / "stage/sub", followingLinks: false).mode == 0o755)
  }

  @Test func aFileThatChangedSinceItWasHashedFailsTheStep() throws {
    #expect(throws: StepFailure.self) { try fill([file("one", "other")]) }
  }

  @Test func aFileThatIsGoneFailsTheStep() throws {
    #expect(throws: StepFailure.self) { try fill([file("gone", "1\n")]) }
  }

  @Test func generatedFilesComeFromTheStoreAndHideOthers() throws {
    let digest = Digest.sha256("made")
    try directory.write(FilePath(digest.hex), "made")
    try fill([file("one", "1\n")], generated: ["one": digest, "deep/er": digest])
    #expect(try directory.text("stage/one") == "made")
    #expect(try directory.text("stage/deep/er") == "made")
    #expect(throws: StepFailure.self) { try fill([], generated: ["x": Digest.sha256("other")]) }
  }

  @Test(arguments: ["way/one", "way/deep/one"]) func nothingIsWrittenThroughALink(_ name: String) throws {
    try directory.write("outside/one", "mine\n")
    let digest = Digest.sha256("made")
    try directory.write(FilePath(digest.hex), "made")
    let link = StagedFile(
      path: Array("way".utf8), kind: .symbolicLink(target: Array("../outside".utf8)), mode: 0o777, source: nil)
    #expect {
      try fill([link], generated: [FilePath(name): digest])
    } throws: {
      ($0 as? StepFailure)?.message == "\(name) cannot be written: way is a symbolic link"
    }
    try files.removeTree(directory / "stage")
    let rendered = StagedFile(
      path: Array(name.utf8), kind: .regular(Digest.sha256("rendered")), mode: 0o644, source: nil)
    #expect(throws: StepFailure.self) { try fill([link, rendered]) }
    #expect(try directory.text("outside/one") == "mine\n")
    #expect(try files.entries(of: directory / "outside").count == 1)
  }

  @Test func aGeneratedFileReplacesALinkAndNotItsTarget() throws {
    try directory.write("outside", "mine\n")
    let digest = Digest.sha256("made")
    try directory.write(FilePath(digest.hex), "made")
    let link = StagedFile(
      path: Array("way".utf8), kind: .symbolicLink(target: Array("../outside".utf8)), mode: 0o777, source: nil)
    try fill([link], generated: ["way": digest])
    #expect(try directory.text("outside") == "mine\n")
    #expect(try files.status(of: directory / "stage/way", followingLinks: false).kind == .regular)
  }
}

@Suite struct LineTests {
  @Test(arguments: 1...40) func linesDoNotDependOnThePieces(_ size: Int) {
    let text = Array("first\nsecond \u{e9}\n\n10%\r20%\r\nend".utf8)
    let splitter = LineSplitter()
    var lines: [String] = []
    for start in stride(from: 0, to: text.count, by: size) {
      text[start..<min(start + size, text.count)].withUnsafeBytes { piece in splitter.add(piece) { lines.append($0) } }
    }
    splitter.finish { lines.append($0) }
    #expect(lines == ["first", "second \u{e9}", "", "20%", "end"])
  }

  @Test func aLineWithoutEndIsCut() {
    let splitter = LineSplitter()
    var lines: [String] = []
    let text = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
    text.withUnsafeBytes { piece in splitter.add(piece) { lines.append($0) } }
    splitter.finish { lines.append($0) }
    #expect(lines.count > 1 && lines.joined().utf8.count == text.count)
  }
}
