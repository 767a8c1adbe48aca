import ImageModel
import ReleasePlanning

@testable import ImageTools

extension FuzzTarget {
  /// People edit its decisions.
  static let plan = FuzzTarget("plan", share: 8) { bytes in
    let decisions = try? ReleasePlanReader.decisions(bytes, file: "p")
    guard let plan = try? ReleasePlanReader.plan(bytes, file: "p") else { return }
    try require(plan.decisions == decisions, "decisions alone are read as others")
    let written = plan.text
    let again = try ReleasePlanReader.plan(Array(written.utf8), file: "p")
    try require(again == plan, "what was written is read as something else: \(written)")
    try require(again.seal == plan.seal, "another seal: \(written)")
  }

  /// What a web root or another machine says of the files there: names of one component, whoever has written them.
  static let published = FuzzTarget("published") { bytes in
    for file in ReleaseDirectory.listed(in: bytes) {
      try require(FilePath(file.name).components.count == 1 && file.name.first != ".", "a name that leads elsewhere")
      try require(file.name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && file.size >= 0, "a name that steers")
    }
    guard let overview = RemoteSite.overview(reading: bytes) else { return }
    for file in ReleaseDirectory(site: "s", overview).shownFiles {
      try require(FilePath(file.name).components.count == 1 && file.name.first != ".", "a name that leads elsewhere")
    }
  }
}
