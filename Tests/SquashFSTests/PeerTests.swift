import HostSystem
import ImageModel
import SquashFS
import TestSupport
import Testing

struct PeerTests {
  private static let mount = "mkdir $2; mount -t squashfs -o loop,ro $1 $2"

  @Test(.enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "losetup"), "mounting needs root"))
  func theKernelMountsWhatIsWritten() async throws {
    try await expect(Soak.seeds(40), Self.mount)
  }

  @Test(
    .enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "unsquashfs"), "needs unsquashfs, and root for owners")
  )
  func unsquashfsUnpacksWhatIsWritten() async throws {
    try await expect(Soak.seeds(40, part: 1), "unsquashfs -quiet -no-progress -d $2 $1")
  }

  @Test(.enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "rdsquashfs"), "needs squashfs-tools-ng"))
  func rdsquashfsUnpacksWhatIsWritten() async throws {
    // It gives the root no attributes, loses capabilities when it sets owners, and unpacks hard links as files of their
    // own: names, types and contents are compared.
    try await expect(Soak.seeds(20, part: 2), "rdsquashfs -q -p $2 -u / $1") { line in
      guard let name = line.split(separator: " ").first, let bracket = line.lastIndex(of: "]") else { return nil }
      return String(name) + String(line.suffix(from: bracket))
    }
  }

  @Test(
    .enabled(if: Peers.isRoot && Peers.has("unsquashfs", "mksquashfs"), "needs squashfs-tools, and root for owners"))
  func whatMksquashfsWritesIsRead() async throws {
    let directory = try TemporaryDirectory()
    var trees: [ModelTree] = []
    for seed in Soak.seeds(20, part: 3) {
      var random = SeededGenerator(seed: seed)
      trees.append(random.tree(entries: seed.isMultiple(of: 10) ? 600 : 30))
      let sink = MemorySink()
      _ = try trees[trees.count - 1].write(to: sink, random.options())
      try directory.fileSystem.replace(
        directory / FilePath("\(trees.count - 1)"), with: sink.bytes, mode: 0o644)
    }
    let options = ["", "-comp zstd -b 4096", "-no-fragments -noI", "-always-use-fragments -noX -noD", "-noF -b 1M"]
    for index in trees.indices {
      let again = """
        unsquashfs -quiet -no-progress -d tree \(index)
        mksquashfs tree again -quiet -no-progress -noappend \(options[index % options.count])
        rm -r tree
        """
      let result = try await PosixProcessRunner().capture(
        ProcessCommand(["sh", "-ec", again], directory: directory.path))
      try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
      let bytes = try directory.fileSystem.contents(of: directory / "again", limit: 1 << 28)
      let reader = try SquashfsReader(MemorySource(FileBytes(bytes)), name: "image")
      let (expected, lines) = (trees[index].lines.map(apart), try reader.lines().map(apart))
      let difference = expected.difference(from: lines).map { "\($0)" }.prefix(4)
      #expect(difference.isEmpty, "tree \(index)")
      #expect(try reader.verify().names == trees[index].lines.count)
    }
  }

  /// The line without what other names a link has: mksquashfs makes links of their own of them.
  private func apart(_ line: String) -> String {
    var fields = line.split(separator: " ", omittingEmptySubsequences: false)
    if fields.count > 8, fields[fields.count - 2] == "l" { (fields[5], fields[6]) = ("", "") }
    return fields.joined(separator: " ")
  }

  private func expect(
    _ seeds: Range<Int>, _ prepare: String, _ seen: (String) -> String? = { $0 }
  ) async throws {
    var (trees, images) = ([ModelTree](), [[UInt8]]())
    for seed in seeds {
      var random = SeededGenerator(seed: seed)
      trees.append(random.tree(entries: seed.isMultiple(of: 10) ? 600 : 30))
      let sink = MemorySink()
      _ = try trees[trees.count - 1].write(to: sink, random.options())
      images.append(sink.bytes)
    }
    let found = try await Peers.lines(of: images, prepare)
    try #require(found.count == images.count)
    for (index, lines) in found.enumerated() {
      let (expected, lines) = (trees[index].lines.compactMap(seen), lines.compactMap(seen))
      let difference = expected.difference(from: lines).map { "\($0)" }.prefix(4)
      #expect(difference.isEmpty, "seed \(seeds.lowerBound + index)")
    }
  }
}
