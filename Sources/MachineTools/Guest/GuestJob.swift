package import ImageModel

/// What a guest begins with.
package struct BootFiles: Sendable, Hashable {
  package var kernel: FilePath
  package var initrd: FilePath?
  /// Identity of the root's file system.
  package var root: String

  package init(kernel: FilePath, initrd: FilePath?, root: String) {
    (self.kernel, self.initrd, self.root) = (kernel, initrd, root)
  }
}

/// Something that is to happen within a guest.
package struct GuestJob: Sendable {
  /// A disk of qcow2, which is written.
  package var disk: FilePath
  package var boot: BootFiles
  /// For `/bin/sh`, as root, with the root file system writable and nothing else running.
  package var script: String
  package var environment: [String: String] = [:]
  /// A tar archive, which is `$PAYLOAD` to the script.
  package var payload: FilePath?
  package var usesNetwork = false
  /// Whether the disk is larger than its partition.
  package var grows = false
  /// In MiB.
  package var memory = 1024
  package var cpus = 1
  package var bootLimit = Duration.seconds(300)
  package var stepLimit = Duration.seconds(3600)

  package init(disk: FilePath, boot: BootFiles, script: String) {
    (self.disk, self.boot, self.script) = (disk, boot, script)
  }
}

/// How a guest ended.
package struct GuestResult: Sendable, Hashable {
  /// Of the script.
  package var status: Int
  /// Whether another kernel lies on the disk now.
  package var isBootChanged: Bool
  /// What the root has left, in bytes.
  package var freeSpace: Int
}
