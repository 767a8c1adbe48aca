import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import FileTraces

struct TraceStoreTests {
  private let path: FilePath = "/repository/index"

  private func question(_ number: Int, key: String = "") -> TraceStore.Question {
    TraceStore.Question("file \(number)", key: .sha256(key))
  }

  /// A store with the contents of `count` files, each with its trace.
  private func store(_ disk: InMemoryFileSystem, _ count: Int) throws -> TraceStore {
    var store = TraceStore()
    for number in 0..<count { try add(number, to: &store, disk) }
    return store
  }

  private func add(_ number: Int, to store: inout TraceStore, _ disk: InMemoryFileSystem) throws {
    let tracing = TracingFileSystem(disk, olderThan: .max)
    let value = try tracing.contents(of: disk.root / "file\(number)", limit: 1000)
    store.insert(value, for: question(number), trace: try #require(tracing.trace))
  }

  private func text(_ answer: TraceStore.Answer) -> String {
    switch answer {
    case .unknown: "unknown"
    case .holds(let record): String(decoding: record.value, as: UTF8.self)
    case .outdated(let record): "outdated " + String(decoding: record.value, as: UTF8.self)
    }
  }

  private func disk(_ count: Int) -> InMemoryFileSystem {
    let disk = InMemoryFileSystem()
    for number in 0..<count { disk.write("file\(number)", "text \(number)") }
    disk.tick()
    return disk
  }

  @Test func valuesAreKnownAgainUntilTheirFilesChange() throws {
    let disk = disk(3)
    var written = try store(disk, 3)
    try written.write(to: path, in: disk)
    var store = TraceStore(reading: path, from: disk)
    #expect(
      store.answers(to: [question(0), question(1), question(7)], in: disk).map(text) == [
        "text 0", "text 1", "unknown",
      ])
    disk.write("file1", "other text")
    #expect(store.answers(to: [question(1), question(2)], in: disk).map(text) == ["outdated text 1", "text 2"])
    #expect(store.answers(to: [question(2, key: "another")], in: disk).map(text) == ["outdated text 2"])
  }

  @Test func laterValuesReplaceEarlierOnes() throws {
    let disk = disk(40)
    var first = try store(disk, 40)
    try first.write(to: path, in: disk)
    let size = try disk.contents(of: path, limit: 1 << 20).count
    for round in 0..<30 {
      disk.tick()
      disk.write("file3", "round \(round)")
      disk.tick()
      var store = TraceStore(reading: path, from: disk)
      try add(3, to: &store, disk)
      #expect(store.isChanged)
      try store.write(to: path, in: disk)
      #expect(!store.isChanged)
      var again = TraceStore(reading: path, from: disk)
      let answers = again.answers(to: (0..<40).map { question($0) }, in: disk).map(text)
      #expect(answers == (0..<40).map { $0 == 3 ? "round \(round)" : "text \($0)" })
    }
    #expect(try disk.contents(of: path, limit: 1 << 24).count < 2 * size + (1 << 20))
  }

  @Test func noDamageGivesAWrongValue() throws {
    let disk = disk(4)
    var written = try store(disk, 4)
    try written.write(to: path, in: disk)
    let bytes = try disk.contents(of: path, limit: 1 << 20)
    let questions = (0..<4).map { question($0) }
    func check(_ damaged: [UInt8], _ what: String) throws {
      try disk.replace(path, with: damaged, mode: 0o644)
      var store = TraceStore(reading: path, from: disk)
      for (number, answer) in store.answers(to: questions, in: disk).enumerated() {
        if case .holds = answer { #expect(text(answer) == "text \(number)", "\(what)") }
      }
      // What was damaged is written anew.
      try add(0, to: &store, disk)
      try store.write(to: path, in: disk)
      var again = TraceStore(reading: path, from: disk)
      #expect(again.answers(to: [question(0)], in: disk).map(text) == ["text 0"], "\(what)")
    }
    for count in stride(from: 0, to: bytes.count, by: 3) { try check(Array(bytes[..<count]), "cut at \(count)") }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      try check(damaged, "byte \(index)")
    }
  }

  @Test func whatNobodyAsksForIsForgotten() throws {
    let disk = disk(10)
    var written = try store(disk, 10)
    try written.write(to: path, in: disk)
    var store = TraceStore(reading: path, from: disk)
    _ = store.answers(to: (0..<9).map { question($0) }, in: disk)
    try add(0, to: &store, disk)
    try store.write(to: path, in: disk)
    #expect(store.answers(to: [question(9)], in: disk).map(text) == ["unknown"])
  }

  @Test func whateverChangesOneByteChangesTheSum() {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      let bytes = random.bytes(Int.random(in: 1...70, using: &random))
      let sum = bytes.withUnsafeBytes { RecordSum.of($0) }
      for place in bytes.indices {
        var other = bytes
        other[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
        #expect(other.withUnsafeBytes { RecordSum.of($0) } != sum, "seed \(seed), byte \(place)")
      }
      let longer = bytes + [0]
      #expect(longer.withUnsafeBytes { RecordSum.of($0) } != sum, "seed \(seed)")
    }
  }

  @Test func noNameOfADirectoryIsNothingTakenDown() {
    var builder = TraceBuilder(olderThan: .max)
    builder.add([], in: "/d")
    #expect(builder.bytes == TraceBuilder(olderThan: .max).bytes)
  }

  @Test func namesOfOneDirectoryAreTakenDownTogetherAsOneByOne() {
    for seed in Soak.seeds(200) {
      var random = SeededGenerator(seed: seed)
      var (together, single) = (TraceBuilder(olderThan: .max), TraceBuilder(olderThan: .max))
      func stamp(_ size: Int) -> FileStamp {
        FileStamp(FileStatus(kind: .regular, mode: 0o644, device: 1, inode: 2, size: size, modified: 3, changed: 4))
      }
      for round in 0..<3 {
        let names = (0..<Int.random(in: 0...5, using: &random)).map {
          FilePath("\(round == 2 ? $0 + 2 : $0 + round * 4)")
        }
        let size = random.once(in: 4) ? 7 : 1
        let answers = names.map { (name: $0, stamp: stamp(size), digest: Digest?.none) }
        together.add(answers, in: "/d")
        for name in names { single.add(name, in: "/d", isFollowed: false, stamp(size)) }
        if let name = names.first {
          together.add(digest: .sha256("\(name)"), of: "/d" / name)
          single.add(digest: .sha256("\(name)"), of: "/d" / name)
        }
      }
      #expect(together.bytes == single.bytes, "seed \(seed)")
      #expect(together.isIncomplete == single.isIncomplete, "seed \(seed)")
    }
  }
}
