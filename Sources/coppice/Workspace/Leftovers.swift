internal import ContentStore
internal import DefinitionScan
internal import HostSystem
internal import ImageModel

extension Workspace {
  /// Removes half-written files of killed runs from the directories whose files are replaced as a whole.
  func removeLeftovers() {
    for directory in [repository, stateDirectory, settings.images, store.temporary] {
      files.removeAbandoned(in: directory)
    }
  }
}
