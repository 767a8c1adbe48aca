internal import DockerfileText
internal import ImageModel

/// Says which line of a Dockerfile brings a file of the context into the build.
struct SourceAttribution {
  private let sources: [(location: SourceLocation, filter: ContextFilter)]
  private let otherwise: SourceLocation

  init(_ dockerfile: DockerfileFacts) {
    sources = dockerfile.sources.compactMap { source in
      guard case .context(let selectors) = source.place else { return nil }
      return (source.location, ContextFilter(ignore: IgnoreFile(), reach: .selected(selectors)))
    }
    // What a link leads to, or what is copied in a way that cannot be known.
    otherwise =
      dockerfile.diagnostics.first { $0.rule == .wholeContext }?.location
      ?? sources.first?.location ?? dockerfile.stages.last?.location ?? SourceLocation(file: dockerfile.file)
  }

  /// The first source that takes it.
  func place(of path: [UInt8]) -> SourceLocation {
    sources.first { $0.filter.verdict(forFile: path) }?.location ?? otherwise
  }
}
