import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

struct FileIndexTests {
  private static let path: FilePath = "/repository/index"

  private static func status(_ random: inout SeededGenerator) -> FileStatus {
    FileStatus(
      kind: .regular, mode: 0o644, device: UInt64.random(in: 0...3, using: &random),
      inode: UInt64.random(in: 0...60, using: &random), size: Int.random(in: 0...9, using: &random),
      modified: Int.random(in: -5...9, using: &random), changed: Int.random(in: 0...9, using: &random))
  }

  private static func index(_ random: inout SeededGenerator) -> (FileIndex, [FileStatus: Digest]) {
    var index = FileIndex()
    var known: [FileStatus: Digest] = [:]
    for _ in 0..<20 {
      let (status, digest) = (status(&random), RandomRecords.digest(&random))
      index.insert([FileIndex.Entry(status, digest)], readSince: 10)
      for other in known.keys where (other.device, other.inode) == (status.device, status.inode) { known[other] = nil }
      known[status] = digest
    }
    return (index, known)
  }

  @Test func whatWasKeptIsKnownAlsoAfterWritingAndNothingElseIs() throws {
    for seed in 0..<60 {
      var random = SeededGenerator(seed: seed)
      var (index, known) = Self.index(&random)
      let files = InMemoryFileSystem()
      #expect(index.isChanged)
      try index.write(to: Self.path, in: files)
      #expect(!index.isChanged)
      let again = FileIndex(reading: Self.path, from: files)
      #expect(!again.isChanged)
      for (status, digest) in known {
        #expect(index.digest(for: status) == digest && again.digest(for: status) == digest, "seed \(seed)")
        let others: [(inout FileStatus) -> Void] = [
          { $0.size += 1 }, { $0.modified += 1 }, { $0.changed += 1 }, { $0.inode += 1_000 }, { $0.device += 1_000 },
        ]
        for other in others {
          var moved = status
          other(&moved)
          #expect(again.digest(for: moved) == nil, "seed \(seed)")
        }
      }
    }
  }

  @Test(arguments: [(9, 9, true), (10, 9, false), (9, 10, false), (11, 11, false)])
  func aFileThatIsNotOlderThanTheMomentOfItsHashIsNotKept(modified: Int, changed: Int, isKept: Bool) {
    let status = FileStatus(
      kind: .regular, mode: 0, device: 1, inode: 1, size: 1, modified: modified, changed: changed)
    var index = FileIndex()
    index.insert([FileIndex.Entry(status, .sha256("x"))], readSince: 10)
    #expect((index.digest(for: status) != nil) == isKept)
    #expect(index.isChanged == isKept)
  }

  @Test func aRacyEntryDoesNotStandInForAnOlderOne() {
    let old = FileStatus(kind: .regular, mode: 0, device: 1, inode: 1, size: 1, modified: 1, changed: 1)
    var new = old
    new.modified = 20
    new.changed = 20
    var index = FileIndex()
    index.insert([FileIndex.Entry(old, .sha256("old"))], readSince: 10)
    index.insert([FileIndex.Entry(new, .sha256("new"))], readSince: 10)
    #expect(index.digest(for: new) == nil)
  }

  @Test func everyCutAndEveryFlippedBitIsFound() throws {
    var random = SeededGenerator(seed: 1)
    var (index, known) = Self.index(&random)
    let files = InMemoryFileSystem()
    try index.write(to: Self.path, in: files)
    let bytes = try #require(files.bytes(Self.path))
    func expectEmpty(_ damaged: [UInt8], _ what: String) {
      files.write(Self.path, bytes: damaged)
      let again = FileIndex(reading: Self.path, from: files)
      #expect(known.keys.allSatisfy { again.digest(for: $0) == nil }, "\(what)")
    }
    for cut in bytes.indices { expectEmpty(Array(bytes[..<cut]), "cut at \(cut)") }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      expectEmpty(damaged, "a bit of \(place)")
    }
  }

  @Test func aDamagedFileIsAnEmptyIndex() throws {
    for seed in 0..<120 {
      var random = SeededGenerator(seed: seed)
      var (index, known) = Self.index(&random)
      let files = InMemoryFileSystem()
      try index.write(to: Self.path, in: files)
      var bytes = try #require(files.bytes(Self.path))
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes = Array(bytes[..<Int.random(in: 0..<bytes.count, using: &random)])
      case 1:
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      default: bytes += random.bytes(72)
      }
      files.write(Self.path, bytes: bytes)
      let again = FileIndex(reading: Self.path, from: files)
      #expect(known.keys.allSatisfy { again.digest(for: $0) == nil }, "seed \(seed)")
    }
    let missing = FileIndex(reading: "/repository/none", from: InMemoryFileSystem())
    #expect(!missing.isChanged)
  }
}
