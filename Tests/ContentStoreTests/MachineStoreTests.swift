import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

/// VM images in the store: their files, and the disks between their steps.
struct MachineStoreTests {
  private let keys = (0..<6).map { Digest.sha256("step \($0)") }

  /// The head of a qcow2 file, with the name of the file that it lies on.
  private static func overlay(on backing: String?) -> [UInt8] {
    var bytes: [UInt8] = [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3]
    func append(_ value: Int, _ count: Int) {
      for place in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
    append(backing == nil ? 0 : 104, 8)
    append(backing?.utf8.count ?? 0, 4)
    bytes += [UInt8](repeating: 0, count: 104 - bytes.count)
    return bytes + Array((backing ?? "").utf8)
  }

  /// `chain` of overlays, each on the one before.
  private func lay(_ chain: [Digest], in store: TestStore) throws {
    for (index, key) in chain.enumerated() {
      let file = try store.layout.overlays.newFile()
      let below = index == 0 ? nil : MachineOverlays.name(of: chain[index - 1]).description
      store.disk.write(file, bytes: Self.overlay(on: below))
      try store.layout.overlays.take(file, as: key)
    }
  }

  @Test func aDiskIsThereWithAllThatItLiesOn() throws {
    let store = try TestStore()
    try lay(Array(keys[..<3]), in: store)
    let overlays = store.layout.overlays
    #expect(keys.map(overlays.has) == [true, true, true, false, false, false])
    #expect(overlays.path(of: keys[0]).description == "/store/machines/\(keys[0].hex).qcow2")
    store.disk.delete(overlays.path(of: keys[1]))
    #expect(keys.prefix(3).map(overlays.has) == [true, false, false])
    // In a circle, on something outside, torn, no qcow2 at all.
    let wrong = [
      Self.overlay(on: MachineOverlays.name(of: keys[1]).description), Self.overlay(on: "/etc/passwd"),
      Self.overlay(on: "../x.qcow2"), Array(Self.overlay(on: nil).prefix(19)), Array("no disk, but long enough".utf8),
      [],
      Array(Self.overlay(on: "long").dropLast(2)),
    ]
    for bytes in wrong {
      store.disk.write(overlays.path(of: keys[1]), bytes: bytes)
      #expect(!overlays.has(keys[1]) && !overlays.has(keys[2]))
    }
  }

  @Test func garbageIsWhatNoKeyNamesAndNothingLiesOn() throws {
    let store = try TestStore()
    // 0 ← 1 ← 2, and after an edit 1 ← 3; 4 is another image's.
    try lay(Array(keys[..<3]), in: store)
    try lay([keys[3]], in: store)
    store.disk.write(
      store.layout.overlays.path(of: keys[3]), bytes: Self.overlay(on: MachineOverlays.name(of: keys[1]).description))
    try lay([keys[4]], in: store)
    store.disk.write("/store/machines/notes.txt", "mine")
    _ = try store.layout.overlays.newFile()
    store.disk.write("/store/machines/.coppice-left.qcow2", bytes: Self.overlay(on: nil))
    store.disk.tick()
    // Another repository needs the fifth.
    try store.layout.writeRoots(repository: "/other", [keys[4]])
    store.disk.tick()
    let planned = try store.layout.collectGarbage(roots: [keys[3]], keepingSince: store.disk.now, dryRun: true)
    #expect(store.layout.overlays.has(keys[2]))
    let report = try store.layout.collectGarbage(roots: [keys[3]], keepingSince: store.disk.now, dryRun: false)
    #expect(report == planned && report.overlays == 1 && report.leftovers == 1)
    #expect(keys.map(store.layout.overlays.has) == [true, true, false, true, true, false])
    #expect(store.disk.exists("/store/machines/notes.txt"))
    // What is younger may be somebody's who is about to record it.
    let young = try store.layout.collectGarbage(roots: [], keepingSince: 0, dryRun: false)
    #expect(young.overlays == 0)
    let all = try store.layout.collectGarbage(of: "/other", roots: [], keepingSince: store.disk.now, dryRun: false)
    #expect(all.overlays == 4)
  }

  private func machine(_ names: [String], _ store: TestStore) throws -> StoredMachine {
    let files = try zip(MachineFormat.allCases, names).map { format, text in
      StoredMachine.File(
        format: format, digest: try store.layout.put(Array(text.utf8)), size: text.utf8.count, md5: "0123")
    }
    return StoredMachine(files: files, content: .sha256("content"), key: keys[0])
  }

  @Test func theFilesOfAnImageBelongTogether() throws {
    let store = try TestStore()
    let machine = try machine(["a disk", "a machine"], store)
    try store.layout.record(machine)
    let output = try #require(machine.output)
    #expect(output.digest == machine.files[0].digest && output.content == machine.content)
    #expect(try store.layout.machine(for: output) == machine)
    // One with other times stands for it, as on a clone.
    #expect(try store.layout.machine(for: ArtifactOutput(digest: .sha256("else"), content: machine.content)) == machine)
    #expect(try store.layout.machine(for: ArtifactOutput(digest: .sha256("else"))) == nil)
    // Roots name its first file; the second stays with it.
    store.disk.tick()
    _ = try store.layout.collectGarbage(roots: [output.digest], keepingSince: store.disk.now, dryRun: false)
    #expect(try store.layout.machine(for: output) == machine)
    _ = try store.layout.collectGarbage(roots: [machine.content], keepingSince: store.disk.now, dryRun: false)
    #expect(try store.layout.machine(for: output) == machine)
    // Without one of its files it is not whole.
    let second = store.layout.path(ofBlob: machine.files[1].digest)
    store.disk.delete(second)
    #expect(try store.layout.machine(for: output) == nil)
    let report = try store.layout.collectGarbage(roots: [], keepingSince: store.disk.now, dryRun: false)
    #expect(report.removed == [output.digest])
    #expect(store.disk.files(below: "/store/coppice/machines").isEmpty)
  }

  @Test func aDamagedRecordIsNone() throws {
    let store = try TestStore()
    let machine = try machine(["a disk", "a machine"], store)
    try store.layout.record(machine)
    let path = FilePath("/store/coppice/machines/\(machine.files[0].digest.hex)")
    let bytes = try #require(store.disk.bytes(path))
    for cut in stride(from: 0, to: bytes.count, by: 7) {
      store.disk.write(path, bytes: Array(bytes[..<cut]))
      #expect(try store.layout.machine(for: #require(machine.output)) == nil)
    }
  }
}
