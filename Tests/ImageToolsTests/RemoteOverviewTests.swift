import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@testable import ImageTools

/// What another machine says is taken for names and numbers, whatever it says.
@Suite struct RemoteOverviewTests {
  private static let answer = """
    present
    current releases/7
    file 12 .coppice/files/0123
    file 9 .coppice/files/with blanks.json
    release .coppice/releases/6
    release .coppice/releases/7
    link '.coppice/releases/7/a b.sif' -> '../../files/0123'
    link '.coppice/releases/7/a b.sif.md5' -> '../../files/0123.md5'
    index
    {"version":1,
    "files":[]}
    """

  @Test func whatIsThereIsRead() throws {
    let overview = try #require(RemoteSite.overview(reading: Array(Self.answer.utf8)))
    #expect(overview.current == 7)
    #expect(overview.files == ["0123": 12, "with blanks.json": 9])
    #expect(overview.releases == [6: [], 7: ["0123", "0123.md5"]])
    #expect(overview.index == Array("{\"version\":1,\n\"files\":[]}".utf8))
    var far = RemoteSite.overview(reading: Array("present\ncurrent releases/\(Int.max)\nindex\n".utf8))
    far?.files[Digest.sha256("x").hex] = 1
    let change = NameSwitch("a.sif", from: nil, to: .sha256("x"))
    #expect(try ReleaseDirectory.switching([change], site: "x", far, entries: [:]).done == [change])
    #expect(RemoteSite.overview(reading: []) == nil)
    #expect(RemoteSite.overview(reading: Array("present\nindex\n".utf8))?.index == nil)
  }

  @Test func nothingThatItSaysEndsUs() {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      var bytes = Array(Self.answer.utf8)
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(contentsOf: " \n/'-".utf8.shuffled(using: &random), at: place)
        }
      }
      let overview = RemoteSite.overview(reading: bytes)
      let entries = Dictionary(uniqueKeysWithValues: ReleaseDirectory.paths(of: ["a.sif"]).map { ($0, SiteEntry.ours) })
      _ = try? ReleaseDirectory.switching(
        [.init("a.sif", from: nil, to: .sha256("x"))], site: "x", overview, entries: entries)
    }
  }
}
