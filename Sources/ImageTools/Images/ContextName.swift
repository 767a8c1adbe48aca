import BuildEngine
import BuildRecords
import HostSystem
import ImageModel

/// The name of a staged context, which says what is in it.
///
/// BuildKit keeps a copy of every context by the name of its directory, and brings it up to date by sizes and times
/// alone, as rsync does. What it knows of directories it does not renew: permissions that changed are not seen. So one
/// name never means two contents.
enum ContextName {
  static func of(_ job: StepJob) -> FilePath {
    var text = job.inputs.groupDigests[.context]?.hex ?? ""
    if case .image(let recipe) = job.recipe {
      for (name, id) in recipe.generated.sorted(by: { $0.key < $1.key }) {
        text += "\n\(name) \(job.upstreams[id]?.digest.hex ?? "")"
      }
    }
    return FilePath("context-\(Digest.sha256(text).hex.prefix(32))")
  }
}
