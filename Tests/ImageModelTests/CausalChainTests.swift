import ImageModel
import Testing

struct CausalChainTests {
  private static func id(_ name: String) -> ArtifactID { ArtifactID(kind: .docker, name: name, tag: "1") }

  private static func chain(_ edges: [String: [String]]) -> [String] {
    id("top").causalChain { (edges[$0.name] ?? []).map(id) }.map(\.name)
  }

  @Test func everyRootCauseIsNamedAfterWhatItIsTheCauseOf() {
    #expect(Self.chain([:]) == ["top"])
    #expect(Self.chain(["top": ["a"], "a": ["b"]]) == ["top", "a", "b"])
    #expect(Self.chain(["top": ["a", "b"], "a": ["root"], "b": ["root", "other"]]).first == "top")
    let diamond = Self.chain(["top": ["a", "b"], "a": ["root"], "b": ["root", "other"]])
    #expect(Set(diamond) == ["top", "a", "b", "root", "other"])
    for (before, after) in [("a", "root"), ("b", "root"), ("b", "other")] {
      #expect((diamond.firstIndex(of: before) ?? 9) < (diamond.firstIndex(of: after) ?? 0))
    }
    #expect(["root", "other"].contains(diamond.last))
  }

  @Test func aLongChainNeedsNoStack() {
    let length = 100_000
    let chain = Self.id("0").causalChain { id in
      Int(id.name).map { $0 < length ? [Self.id("\($0 + 1)")] : [] } ?? []
    }
    #expect(chain.count == length + 1)
    #expect(chain.last?.name == "\(length)")
  }
}
