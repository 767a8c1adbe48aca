import ImageModel
import ReleasePlanning
import Testing

@testable import coppice

@Suite struct ReleasePageTests {
  private static let hostile = "</script><img src=x onerror=alert(1)>\"'&\u{202E}\u{1B}[31m"

  private static func id(_ name: String, _ kind: ArtifactKind = .docker) -> ArtifactID {
    ArtifactID(kind: kind, name: name, tag: "1")
  }

  private func page(_ text: String) -> String {
    let id = Self.id(text)
    var plan = ReleasePlan(
      time: 0, destinations: [.init(name: text, definition: text, problem: text)],
      builds: [.init(artifact: id, isCertain: true, expectedSeconds: 70, reasons: [text, text])])
    plan.decisions = Decisions(ignored: [.init(text, note: text)], held: [.init(text, note: text)])
    plan.lines = ReleasePlan.Action.allCases.map { action in
      .init(
        artifact: id, destination: text, action: action, names: [.init(text, from: .sha256("a"), isMoved: true)],
        to: .sha256("b"), bytes: 12, reasons: [text, text])
    }
    return ReleasePage(
      plan: plan, summary: text, rulings: [id: .init(.hold, note: text)],
      graph: GraphView([.init(id), .init(Self.id("other"), uses: [id])])
    ).html
  }

  /// The tags of a page, in order.
  private func tags(_ page: String) -> [String] {
    page.split(separator: "<").dropFirst().map {
      String($0.prefix { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "!" })
    }
  }

  @Test func whatOthersWriteIsTextAndNothingElse() {
    let page = page(Self.hostile)
    #expect(tags(page) == tags(self.page("harmless")))
    for word in ["<img", "onerror=alert(1)>\"", "\u{202E}", "\u{1B}"] { #expect(!page.contains(word)) }
    #expect(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"))
  }

  @Test func aPageNeedsNothingFromOutside() {
    let page = page("name")
    for word in ["src=", "href=", "@import", "url(", "https://"] { #expect(!page.contains(word), "\(word)") }
    #expect(page.contains("default-src 'none'") && page.contains("name=\"viewport\""))
    #expect(page.contains("prefers-color-scheme: dark"))
    #expect(self.page("name") == page, "the same plan gives the same page")
  }

  /// base ← left, right ← top: three layers, from left to right, without boxes over each other.
  @Test func whatIsUsedStandsLeftOfWhatUsesIt() {
    let view = GraphView([
      .init(Self.id("top"), uses: [Self.id("right"), Self.id("left")]), .init(Self.id("base")),
      .init(Self.id("left"), uses: [Self.id("base")]), .init(Self.id("right"), uses: [Self.id("base")]),
      .init(Self.id("later"), orderOnly: [Self.id("base")]),
    ])
    let drawing = LayeredDrawing(view)
    #expect(drawing.places.count == 5)
    for edge in view.edges {
      guard let from = drawing.places[edge.from], let to = drawing.places[edge.to] else { continue }
      #expect(from.x + from.width < to.x)
    }
    #expect(Set(drawing.places.values).count == 5)
    #expect(drawing.svg { _ in "todo" } == LayeredDrawing(view).svg { _ in "todo" })
  }

  /// Two columns whose order by name would cross every edge.
  @Test func edgesAreUntangled() {
    let view = GraphView(
      (0..<8).map { .init(Self.id("a\($0)")) }
        + (0..<8).map { .init(Self.id("b\($0)"), uses: [Self.id("a\(7 - $0)")]) })
    let places = LayeredDrawing(view).places
    for index in 0..<8 {
      #expect(places[Self.id("b\(index)")]?.y == places[Self.id("a\(7 - index)")]?.y)
    }
  }
}
