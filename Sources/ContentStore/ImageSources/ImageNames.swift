internal import ImageModel

/// What a person may call an image that has names.
struct ImageNames {
  private let wanted: String
  private let canonical: String?

  init(_ wanted: String) {
    self.wanted = wanted
    canonical = (try? ImageReference(wanted))?.canonical
  }

  /// Those of the candidates that are meant: by the very name, else by another spelling of it, else by their tag alone.
  func chosen<Candidate>(of candidates: [Candidate], names: (Candidate) -> [String]) -> [Candidate] {
    let tests: [(String) -> Bool] = [
      { $0 == wanted },
      { name in canonical != nil && (try? ImageReference(name))?.canonical == canonical },
      { (try? ImageReference($0))?.tag == wanted },
    ]
    for isMeant in tests {
      let found = candidates.filter { names($0).contains(where: isMeant) }
      if !found.isEmpty { return found }
    }
    return []
  }
}
