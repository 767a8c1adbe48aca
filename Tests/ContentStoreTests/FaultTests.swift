import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

struct FaultTests {
  @Test(arguments: [TestImage.Form.buildah, .legacy]) func aFullDiskLeavesNothingHalfWritten(
    _ form: TestImage.Form
  ) throws {
    var random = SeededGenerator(seed: 4)
    let image = TestImage(layers: [tar([TestEntry("f", bytes: random.bytes(17 << 20))]), tar(random.entries())])
    let archive = image.archive(form)
    for space in [0, 500, 1_000_000, 17 << 20] {
      let store = try TestStore()
      store.disk.limitSpace(to: space)
      let failure = #expect(throws: Failure.self) { try store.layout.importArchive(BytesReader(archive)) }
      #expect(failure?.help?.contains("coppice gc") == true)
      store.disk.repair()
      #expect(store.temporaryFiles == [])
      #expect(try store.layout.image(image.id) == nil)
      #expect(try store.layout.verify() == [])
      #expect(try store.layout.importArchive(BytesReader(archive)).config == image.id)
    }
  }

  @Test func anyOperationThatFailsLeavesNoTemporaryFile() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("b", "2")])])
    let archive = image.archive(.legacy)
    for operation in [InMemoryFileSystem.Operation.create, .write, .commit, .makeDirectory, .lock] {
      for after in 0..<30 {
        let store = try TestStore()
        let left = Locked(after)
        store.disk.injectFailures { current, path in
          guard current == operation,
            left.withLock({
              $0 -= 1; return $0 < 0
            })
          else { return nil }
          return FileSystemError(operation: "\(current)", path: path, reason: .notPermitted, text: "refused")
        }
        let stored = try? store.layout.importArchive(BytesReader(archive))
        store.disk.repair()
        #expect(store.temporaryFiles == [])
        #expect(try (store.layout.image(image.id) != nil) == (stored != nil))
        #expect(try store.layout.verify() == [])
      }
    }
  }

  @Test func aKillAtAnyInstantLeavesAStoreThatWorks() throws {
    let image = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("b", "2")])])
    let expected = try TestStore().add(image)
    var changes = 0
    while true {
      let store = try TestStore()
      store.disk.loseDisk(afterChanges: changes)
      let first = try? store.add(image)
      store.disk.repair()
      #expect(try store.layout.verify() == [])
      if let known = try store.layout.image(image.id) { #expect(store.layout.condition(of: known.output) == .intact) }
      #expect(try store.add(image) == expected)
      if first != nil { break }
      changes += 1
    }
    #expect(changes > 10)
  }

  @Test func aReaderThatFailsIsReported() throws {
    struct Broken: Error {}
    final class BrokenReader: ByteReader {
      private let inner: BytesReader
      private var left: Int

      init(_ bytes: [UInt8], _ count: Int) {
        inner = BytesReader(bytes, pieceSize: 512)
        left = count
      }

      func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if left <= 0 { throw Broken() }
        left -= 512
        return try inner.read(into: buffer)
      }
    }
    let archive = TestImage(layers: [tar([TestEntry("a", bytes: [UInt8](repeating: 1, count: 9000))])]).archive(
      .buildah)
    let store = try TestStore()
    for count in stride(from: 0, to: archive.count, by: 1024) {
      #expect(throws: Broken.self) { try store.layout.importArchive(BrokenReader(archive, count)) }
      #expect(store.temporaryFiles == [])
    }
  }

  @Test func exportingADamagedLayerFails() throws {
    var random = SeededGenerator(seed: 8)
    let image = TestImage(layers: [tar([TestEntry("a", bytes: random.bytes(5000))])])
    let store = try TestStore()
    let stored = try store.add(image)
    let path = store.path(stored.layers[0].blob)
    let bytes = try #require(store.disk.bytes(path))
    for index in stride(from: 0, to: bytes.count, by: 97) {
      var changed = bytes
      changed[index] ^= 0x10
      store.disk.write(path, bytes: changed)
      // Only the time, flags and system in the header of a member decide nothing.
      if (4..<10).contains(index) { continue }
      #expect(throws: Failure.self, "\(index)") { try store.export(stored.config) }
    }
    // Sound gzip, the right sizes before and after, another layer.
    var other = stored
    while other.layers[0].size != stored.layers[0].size || other.config == stored.config {
      other = try store.add(TestImage(layers: [tar([TestEntry("a", bytes: random.bytes(5000))])]))
    }
    store.disk.write(path, bytes: try #require(store.disk.bytes(store.path(other.layers[0].blob))))
    #expect(throws: Failure.self) { try store.export(stored.config) }
    store.disk.write(path, bytes: Array(bytes.dropLast(9)))
    #expect(throws: Failure.self) { try store.export(stored.config) }
    #expect(throws: Failure.self) { try store.export(.sha256("unknown")) }
  }

  @Test func manyImportsAtOnceGiveTheSame() async throws {
    var random = SeededGenerator(seed: 11)
    let image = TestImage(layers: [tar([TestEntry("f", bytes: random.bytes(6 << 20))]), tar(random.entries())])
    let archive = image.archive(.buildah)
    let store = try TestStore()
    // More than the pool has threads, all of which wait for compression.
    let results = try await withThrowingTaskGroup(of: StoredImage.self) { group in
      for _ in 0..<8 { group.addTask { try store.layout.importArchive(BytesReader(archive)) } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(results.count == 1)
    #expect(store.temporaryFiles == [])
    #expect(try store.layout.verify() == [])
  }
}
