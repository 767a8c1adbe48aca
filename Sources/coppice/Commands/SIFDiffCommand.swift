internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import SIFConversion
internal import SIFFormat

extension SIFDiffOptions {
  /// One of the two.
  private struct Side: Sendable {
    var tree: FileTree
    /// Of an image: paths at which a container has more than it.
    var additions: Set<FilePath>?
  }

  func run(_ invocation: Invocation) async throws -> ExitCode {
    let old = try await side(before, invocation)
    let new = try await side(after, invocation)
    // Between two images or two containers everything counts.
    var ignored: Set<FilePath> = []
    if (old.additions == nil) != (new.additions == nil) { ignored = old.additions ?? new.additions ?? [] }
    let report = DiffReport(TreeDifferences(from: old.tree, to: new.tree, ignoring: ignored))
    if isJSON { invocation.show(report.json) } else { invocation.showForeign(report.text) }
    return tellsByExitCode && !report.differences.isEmpty ? .workToDo : .success
  }

  private func side(_ text: String, _ invocation: Invocation) async throws -> Side {
    let files = PosixFileSystem()
    guard ImageAddress.isAddress(text) else {
      let path = invocation.directory / FilePath(text)
      let progress = ConversionProgress(count: 0, size: nil, on: nil)
      return try await progress.run([]) { _ in
        let file = try files.openAnywhere(path)
        let reader = try SIFImage(reading: file).root(in: file)
        return Side(tree: try FileTree(reader) { try progress.check() })
      }
    }
    let address = try ImageAddress(text, from: invocation.directory, files: files)
    let image = try await invocation.image(at: address, platform: platform)
    let progress = ConversionProgress(
      count: image.layers.count, size: image.size, on: invocation.isOutputTerminal && !isJSON ? invocation : nil)
    defer { progress.close() }
    return try await progress.run(image.layers) { layers in
      let tree = try FileTree(layers: layers)
      return Side(tree: tree, additions: try tree.additions(image.config))
    }
  }
}
