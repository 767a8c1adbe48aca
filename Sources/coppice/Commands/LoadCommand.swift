internal import BuildRecords
internal import HostSystem
internal import ImageModel
internal import ImageTools

extension LoadOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    try invocation.checkEngine()
    // What an image was converted to, or made of, is meant by the same names and has no place in an engine.
    let named = try workspace.select(targets).sorted()
    let images = named.filter { $0.kind == .docker }
    let selected = images.isEmpty ? named : images
    let ledger = try workspace.ledger()
    let loader = ImageLoader(
      store: workspace.store, engines: workspace.engineFinder(PosixProcessRunner()),
      files: workspace.files)
    for id in selected {
      guard case .image(let recipe)? = workspace.recipes[id] else {
        throw InvalidInput([Diagnostic(.error, "\(id) is not a docker image")])
      }
      guard let output = ledger[id]?.output, !output.isAssumed else {
        throw Failure("\(id) was not built yet", help: "run `coppice build \(id)`")
      }
      let names = [recipe.reference] + recipe.aliases
      let engine = try await loader.load(output, names: names)
      invocation.output.write("\(names.map(\.description).joined(separator: ", ")) loaded into \(engine)\n")
    }
    return .success
  }
}
