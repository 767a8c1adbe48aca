import ContentStore
import HostSystem
import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@testable import ImageTools

/// Names in a directory.
@Suite struct DirectoryDestinationTests {
  private let bench: ImageBench
  private let files = PosixFileSystem()
  private var root: FilePath { bench.directory / "www" }

  init() throws { bench = try ImageBench(isInMemory: true) }

  private func destination(_ files: any FileSystem = PosixFileSystem()) -> DirectoryDestination {
    DirectoryDestination(root: root, store: bench.store, images: bench.directory / "images", files: files)
  }

  private func shipment(_ name: String, _ content: String) throws -> Shipment {
    let digest = try bench.store.put(Array(content.utf8))
    let id = ArtifactID(kind: .sif, name: name, tag: "1")
    let file = ConversionRecipe.fileName(of: id)
    try bench.directory.write(
      FilePath("images/\(file).json"), "{\"sha256\":\"\(digest.hex)\",\"md5\":\"sum of \(content)\"}")
    return Shipment(
      artifact: id, names: [file], fingerprint: Fingerprint(.sha256("inputs")),
      output: ArtifactOutput(digest: digest, size: content.utf8.count))
  }

  /// What a reader of the directory finds, by name.
  private func shown() throws -> [String: String] {
    guard try files.statusIfPresent(of: root) != nil else { return [:] }
    var shown: [String: String] = [:]
    for entry in try files.names(of: root) {
      guard let name = entry.name.text, !name.hasPrefix("."), !name.hasPrefix("index."),
        let bytes = try? files.contents(of: root / entry.name, limit: 1000)
      else { continue }
      shown[name] = String(decoding: bytes, as: UTF8.self)
    }
    return shown
  }

  private func expected(_ contents: [String: String]) -> [String: String] {
    contents.reduce(into: [:]) { result, content in
      let name = "\(content.key)-1.sif"
      result[name] = content.value
      result[name + ".md5"] = "sum of \(content.value)"
      result[name + ".json"] =
        "{\"sha256\":\"\(Digest.sha256(content.value).hex)\",\"md5\":\"sum of \(content.value)\"}"
    }
  }

  private func publish(_ contents: [String: String], _ destination: DirectoryDestination) async throws {
    let shipments = try contents.sorted { $0.key < $1.key }.map { try shipment($0.key, $0.value) }
    let seen = try await destination.published(
      shipments.reduce(into: [:]) { $0[$1.names[0]] = .some(nil) })
    for shipment in shipments { try await destination.upload(shipment) { _ in } }
    let switches = shipments.map { shipment in
      NameSwitch(shipment.names[0], from: seen[shipment.names[0]]?.digest, to: destination.target(of: shipment))
    }
    _ = try await destination.perform(switches) { _ in }
  }

  @Test func filesComeWithTheirCompanions() async throws {
    try await publish(["a": "one", "b": "two"], destination())
    #expect(try shown() == expected(["a": "one", "b": "two"]))
    #expect(try bench.directory.text("www/index.json").contains("a-1.sif"))
    try await publish(["a": "three"], destination())
    #expect(try shown() == expected(["a": "three", "b": "two"]))
    let shipment = try shipment("a", "three")
    #expect(try await destination().missingBytes(of: [shipment]) == [0])
  }

  @Test func namesGoBackAndAway() async throws {
    try await publish(["a": "one"], destination())
    try await publish(["a": "two", "b": "new"], destination())
    _ = try await destination().perform(
      [
        NameSwitch("a-1.sif", from: .sha256("two"), to: .sha256("one")),
        NameSwitch("b-1.sif", from: .sha256("new"), to: nil),
      ]) { _ in }
    #expect(try shown() == expected(["a": "one"]))
  }

  @Test func whatSomebodyElsePutThereIsSeenAndReplacedOnlyKnowingly() async throws {
    try files.createDirectory(root)
    try files.replace(root / "a-1.sif", with: Array("foreign".utf8), mode: 0o644)
    #expect(try await destination().published(["a-1.sif": nil])["a-1.sif"]?.digest == .sha256("foreign"))
    let shipment = try shipment("a", "one")
    try await destination().upload(shipment) { _ in }
    await #expect(throws: Failure.self) {
      _ = try await destination().perform([NameSwitch("a-1.sif", from: nil, to: shipment.output.digest)]) { _ in }
    }
    #expect(try shown() == ["a-1.sif": "foreign"])
    try await publish(["a": "one"], destination())
    #expect(try shown() == expected(["a": "one"]))
  }

  @Test func aForeignFileComesBack() async throws {
    try files.createDirectory(root)
    try files.replace(root / "a-1.sif", with: Array("foreign".utf8), mode: 0o644)
    try await publish(["a": "one"], destination())
    _ = try await destination().perform([NameSwitch("a-1.sif", from: .sha256("one"), to: .sha256("foreign"))]) { _ in }
    #expect(try shown()["a-1.sif"] == "foreign")
  }

  @Test func whatSomebodyPutOverALinkIsSeen() async throws {
    try await publish(["a": "one"], destination())
    try files.replace(root / "a-1.sif", with: Array("foreign".utf8), mode: 0o644)
    #expect(try await destination().published(["a-1.sif": nil])["a-1.sif"]?.digest == .sha256("foreign"))
    try files.remove(root / "a-1.sif")
    #expect(try await destination().published(["a-1.sif": nil]).isEmpty)
    try await publish(["a": "one"], destination())
    #expect(try shown() == expected(["a": "one"]))
  }

  @Test func aLinkThatLeadsNowhereMakesRoom() async throws {
    try files.createDirectory(root)
    try files.createLink(root / "a-1.sif", to: "none")
    #expect(try await destination().published(["a-1.sif": nil]).isEmpty)
    try await publish(["a": "one"], destination())
    #expect(try shown() == expected(["a": "one"]))
  }

  @Test func onlyOnePublishes() async throws {
    let hold = try await destination().hold()
    await #expect(throws: Failure.self) { _ = try await destination().hold() }
    hold?.release()
    #expect(try await destination().hold() != nil)
  }

  @Test func oldFilesMakeRoom() async throws {
    for content in ["1", "2", "3", "4", "5", "6"] { try await publish(["a": content], destination()) }
    let kept = try files.names(of: root / ".coppice/files").count { $0.name.text?.utf8.count == 64 }
    #expect(kept == 3)
    #expect(try shown() == expected(["a": "6"]))
  }

  /// Whatever fails, and wherever: a reader finds the old files or the new ones, all of them, each with its own
  /// companions; and the next run brings the new ones.
  @Test(arguments: [FaultyFileSystem.Fault.noSpace, .inputOutput, .readOnly, .kill, .powerCut(1)])
  func faultsShowTheOldOrTheNew(fault: FaultyFileSystem.Fault) async throws {
    let (old, new) = (["a": "one", "b": "two"], ["a": "three", "b": "four", "c": "five"])
    var place = 0
    while true {
      let other = try DirectoryDestinationTests()
      try await other.publish(old, other.destination())
      let faulty = FaultyFileSystem(other.files)
      faulty.arm(fault, at: place)
      try? await other.publish(new, other.destination(faulty))
      let struck = faulty.struck
      faulty.repair()
      let shown = try other.shown()
      let what = Comment("\(fault) at \(place), \(struck?.operation.rawValue ?? "none") \(struck?.path ?? "")")
      #expect(shown == other.expected(old) || shown == other.expected(new), what)
      try await other.publish(new, other.destination())
      #expect(try other.shown() == other.expected(new), what)
      guard struck != nil else { break }
      place += 1
    }
    #expect(place > 20, "every operation was struck")
  }
}
