import HostSystem
import ImageModel
import TestSupport

extension RandomContext {
  /// Writes a Dockerfile that takes some of what is there, each to a place of its own, so that nothing hides another.
  mutating func writeDockerfile(from base: String) throws -> String {
    var lines = ["FROM scratch AS needless", "COPY . /", "FROM \(base) AS first"]
    for number in 0..<Int.random(in: 1...4, using: &random) {
      if number == 2 { lines.append("FROM scratch AS last\nCOPY --from=first /i /i") }
      lines.append(try instruction(number))
    }
    let text = lines.joined(separator: "\n") + "\n"
    try PosixFileSystem().replace(directory / "Dockerfile", with: Array(text.utf8), mode: 0o644)
    return text
  }

  /// Writes the definition of an image whose triggers take some of what is here.
  mutating func writeParent(in parent: FilePath) throws -> String {
    let name = try places().compactMap(\.path.text).filter { $0.allSatisfy(\.isLetter) }.randomElement(using: &random)
    var lines = ["FROM scratch", "ENV V=1", "ONBUILD ARG W=\(name ?? ".")"]
    for number in 0..<Int.random(in: 1...2, using: &random) {
      lines.append("ONBUILD " + (try instruction(10 + number)))
    }
    if random.once(in: 2) { lines.append("ONBUILD COPY \\\n  $W /i/20/") }
    let text = lines.joined(separator: "\n") + "\n"
    let yaml = "image_sources: [{name: p, tags: ['1']}]\n"
    try PosixFileSystem().createDirectory(parent)
    try PosixFileSystem().replace(parent / "Dockerfile", with: Array(text.utf8), mode: 0o644)
    try PosixFileSystem().replace(parent / "casa_distro_docker.yaml", with: Array(yaml.utf8), mode: 0o644)
    return text
  }

  private mutating func instruction(_ number: Int) throws -> String {
    let flag = ["", "", "", "--chown=7:8 "].pick(&random)
    // A link that leads nowhere is no source.
    let all = try places().filter { place in
      let target = try? PosixFileSystem().status(of: directory / place.path, followingLinks: true)
      return place.path.text != nil && (target != nil || random.once(in: 20))
    }
    var sources: [String] = []
    for _ in 0..<[1, 1, 1, 2, 3].pick(&random) {
      guard let place = all.randomElement(using: &random) else { break }
      let name = Self.quoted(place.path.description)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: sources.append(".")
      case 1: sources.append(["*.txt", "?", "[a-c]*", "*/a", "*/*.txt", "s*"].pick(&random))
      case 2 where place.path.components.count > 1:
        sources.append((Self.quoted(place.path.parent.description)) + "/*")
      case 3: sources.append("./" + name + (place.status.kind == .directory ? "/" : ""))
      case 4: sources.append("x/../" + name)
      default: sources.append(name)
      }
    }
    // Several directories would be laid over each other.
    if sources.count > 1 {
      let kinds = Dictionary(all.map { (Self.quoted($0.path.description), $0.status.kind) }) { $1 }
      sources = sources.filter { kinds[$0] == .regular }
    }
    if sources.isEmpty { sources = ["."] }
    let words = (sources + ["/i/\(number)/"]).map { "\"\(Self.json($0))\"" }.joined(separator: ", ")
    return "COPY \(flag)[\(words)]"
  }

  /// A name in which nothing is a pattern.
  private static func quoted(_ name: String) -> String {
    name.map { "*?[\\".contains($0) ? "\\\($0)" : String($0) }.joined()
  }

  private static func json(_ text: String) -> String {
    text.map { "\\\"".contains($0) ? "\\\($0)" : String($0) }.joined()
  }
}
