import DockerfileText
import ImageModel
import Testing

/// What BuildKit's own front end makes of Dockerfiles: the images and the files of the context in the graph that it
/// hands to its solver. Recorded with `dockerfile2llb` of BuildKit 0.25 (docker 28.5) for `linux/arm/v7`.
@Suite struct FrontEndTests {
  struct Row: Sendable, CustomStringConvertible {
    var text: String
    var arguments: [String: String]
    var target: String?
    var uses: [String]
    /// `~` marks a pattern; ` -` an exclude.
    var reach: [String]

    init(
      _ text: String, arguments: [String: String] = [:], target: String? = nil, uses: [String], reach: [String]
    ) {
      self.text = text
      self.arguments = arguments
      self.target = target
      self.uses = uses
      self.reach = reach
    }

    var description: String { text }
  }

  @Test(arguments: lines + variables + stages + sources)
  func theFactsAreThoseOfTheFrontEnd(row: Row) {
    let facts = read(row.text, arguments: row.arguments, target: row.target)
    #expect(facts.errors.isEmpty)
    #expect(Set(facts.uses.filter { $0.role != .syntax }.map(\.reference.canonical)).sorted() == row.uses)
    guard case .selected(let selectors) = facts.reach else {
      Issue.record("the whole context counts")
      return
    }
    let reach = selectors.map { ($0.isPattern ? "~" : "") + $0.pattern + $0.excludes.map { " -" + $0 }.joined() }
    #expect(reach == row.reach)
  }
}
