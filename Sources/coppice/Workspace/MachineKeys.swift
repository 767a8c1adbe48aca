internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DependencyGraph
internal import HostSystem
internal import ImageModel

extension Workspace {
  /// The keys of all VM images' steps as the next build would find them: what lies under another one is of no use.
  func machineKeys(_ ledger: Ledger) throws -> [Digest] {
    let machines = graph.order.filter { $0.kind == .vbox }
    // Where nothing lies under a key nobody need know one.
    guard try !machines.isEmpty && files.statusIfPresent(of: store.overlays.directory) != nil else { return [] }
    let plan = try plan(Set(machines), ledger: ledger)
    let reader = reader(of: files)
    return try machines.flatMap { id -> [Digest] in
      guard case .machine(let recipe)? = recipes[id], let inputs = plan[id]?.inputs else { return [] }
      let snapshot = try reader.snapshot(of: .machine(recipe), id: id, index: index)
      return MachineStepKeys(of: recipe, inputs.with(snapshot)).keys
    }
  }
}
