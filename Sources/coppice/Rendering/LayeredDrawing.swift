internal import ImageModel

/// A graph as a picture: what is used stands left of what uses it; the same graph always gives the same picture.
struct LayeredDrawing {
  struct Place: Hashable, Sendable {
    var x: Int
    var y: Int
    var width: Int
  }

  private static let (height, gap, aisle, letter, padding) = (26, 12, 56, 8, 10)
  /// Times that each layer is put in the order of its neighbours.
  private static let sweeps = 8

  let places: [ArtifactID: Place]
  private let view: GraphView
  private let size: (width: Int, height: Int)

  init(_ view: GraphView) {
    self.view = view
    var layers = Self.layers(view)
    Self.untangle(&layers, view)
    var places: [ArtifactID: Place] = [:]
    var x = Self.gap
    for layer in layers {
      let widest = layer.map { "\($0)".count }.max() ?? 0
      let width = widest * Self.letter + 2 * Self.padding
      for (index, id) in layer.enumerated() {
        places[id] = Place(x: x, y: Self.gap + index * (Self.height + Self.gap), width: width)
      }
      x += width + Self.aisle
    }
    self.places = places
    let tallest = layers.map(\.count).max() ?? 0
    size = (max(0, x - Self.aisle) + Self.gap, tallest * (Self.height + Self.gap) + Self.gap)
  }

  /// By the longest way from what is made of nothing of the graph.
  private static func layers(_ view: GraphView) -> [[ArtifactID]] {
    var dependents: [ArtifactID: [ArtifactID]] = [:]
    var waits: [ArtifactID: Int] = [:]
    for edge in view.edges {
      dependents[edge.from, default: []].append(edge.to)
      waits[edge.to, default: 0] += 1
    }
    var layers: [[ArtifactID]] = []
    var layer = view.nodes.map(\.id).filter { waits[$0] == nil }
    while !layer.isEmpty {
      layers.append(layer)
      var next: [ArtifactID] = []
      for to in layer.flatMap({ dependents[$0] ?? [] }) {
        let left = (waits[to] ?? 0) - 1
        waits[to] = left
        if left == 0 { next.append(to) }
      }
      layer = next.sorted()
    }
    return layers
  }

  /// Fewer crossings: each node goes where its neighbours are on the average.
  private static func untangle(_ layers: inout [[ArtifactID]], _ view: GraphView) {
    var (before, after): ([ArtifactID: [ArtifactID]], [ArtifactID: [ArtifactID]]) = ([:], [:])
    for edge in view.edges {
      before[edge.to, default: []].append(edge.from)
      after[edge.from, default: []].append(edge.to)
    }
    var positions: [ArtifactID: Double] = [:]
    func number(_ layer: [ArtifactID]) { for (index, id) in layer.enumerated() { positions[id] = Double(index) } }
    for layer in layers { number(layer) }
    for sweep in 0..<sweeps {
      let neighbours = sweep.isMultiple(of: 2) ? before : after
      for index in sweep.isMultiple(of: 2) ? Array(layers.indices) : layers.indices.reversed() {
        let means = Dictionary(
          uniqueKeysWithValues: layers[index].map { id in
            let near = (neighbours[id] ?? []).compactMap { positions[$0] }
            return (id, near.isEmpty ? positions[id] ?? 0 : near.reduce(0, +) / Double(near.count))
          })
        layers[index].sort { first, second in
          let (left, right) = (means[first] ?? 0, means[second] ?? 0)
          return left != right ? left < right : first < second
        }
        number(layers[index])
      }
    }
  }

  /// - Parameter look: the class of a node for the page's style.
  func svg(_ look: (ArtifactID) -> String) -> String {
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"the graph of what is published\" "
      + "viewBox=\"0 0 \(size.width) \(size.height)\" width=\"\(size.width)\" height=\"\(size.height)\">\n"
    for edge in view.edges {
      guard let from = places[edge.from], let to = places[edge.to] else { continue }
      let (x1, y1) = (from.x + from.width, from.y + Self.height / 2)
      let (x2, y2) = (to.x, to.y + Self.height / 2)
      let bend = (x2 - x1) / 2
      text += "<path class=\"edge\(edge.isOrderOnly ? " order" : "")\" "
      text += "d=\"M\(x1) \(y1) C\(x1 + bend) \(y1) \(x2 - bend) \(y2) \(x2) \(y2)\"/>\n"
    }
    for node in view.nodes {
      guard let place = places[node.id] else { continue }
      text += "<g class=\"\(HTMLText.escaped(look(node.id)))\"><rect x=\"\(place.x)\" y=\"\(place.y)\" "
      text += "width=\"\(place.width)\" height=\"\(Self.height)\" rx=\"5\"/>"
      text +=
        "<text x=\"\(place.x + Self.padding)\" y=\"\(place.y + 17)\">\(HTMLText.escaped("\(node.id)"))</text></g>\n"
    }
    return text + "</svg>\n"
  }
}
