import SquashFS
import TestSupport
import Testing

struct PeerTests {
  private static let mount = "mkdir $2; mount -t squashfs -o loop,ro $1 $2"

  @Test(.enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "losetup"), "mounting needs root"))
  func theKernelMountsWhatIsWritten() async throws {
    try await expect(Soak.seeds(20), Self.mount)
  }

  @Test(
    .enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "unsquashfs"), "needs unsquashfs, and root for owners")
  )
  func unsquashfsUnpacksWhatIsWritten() async throws {
    try await expect(Soak.seeds(20, part: 1), "unsquashfs -quiet -no-progress -d $2 $1")
  }

  @Test(.enabled(if: Peers.isRoot && Peers.has("unshare", "python3", "rdsquashfs"), "needs squashfs-tools-ng"))
  func rdsquashfsUnpacksWhatIsWritten() async throws {
    // It gives the root no attributes, loses capabilities when it sets owners, and unpacks hard links as files of their
    // own: names, types and contents are compared.
    try await expect(Soak.seeds(10, part: 2), "rdsquashfs -q -p $2 -u / $1") { line in
      guard let name = line.split(separator: " ").first, let bracket = line.lastIndex(of: "]") else { return nil }
      return String(name) + String(line.suffix(from: bracket))
    }
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
