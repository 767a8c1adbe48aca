internal import ImageModel

/// The description of a machine in an appliance: OVF 2.0, with VirtualBox's own section for what OVF has no words for.
struct OVFDocument: Sendable {
  var name: String
  var hardware: MachineHardware
  var identity: MachineIdentity
  /// VirtualBox's name for the system.
  var osType = "Debian_64"
  var diskFile: String
  var diskFileSize: Int

  var text: String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <Envelope ovf:version="2.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/2"\
     xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2"\
     xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"\
     xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"\
     xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\
     xmlns:sasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_StorageAllocationSettingData.xsd"\
     xmlns:epasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_EthernetPortAllocationSettingData.xsd"\
     xmlns:vbox="http://www.virtualbox.org/ovf/machine">
      <References>
        <File ovf:id="file1" ovf:href="\(Self.escaped(diskFile))" ovf:size="\(diskFileSize)"/>
      </References>
      <DiskSection>
        <Info>List of the virtual disks used in the package</Info>
        <Disk ovf:capacity="\(hardware.diskSize)" ovf:diskId="vmdisk1" ovf:fileRef="file1"\
     ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" vbox:uuid="\(identity.disk)"/>
      </DiskSection>
      <NetworkSection>
        <Info>Logical networks used in the package</Info>
        <Network ovf:name="NAT"><Description>Logical network used by this appliance.</Description></Network>
      </NetworkSection>
      <VirtualSystem ovf:id="\(Self.escaped(name))">
        <Info>A virtual machine</Info>
        <OperatingSystemSection ovf:id="96">
          <Info>The kind of installed guest operating system</Info>
          <Description>\(osType)</Description>
          <vbox:OSType ovf:required="false">\(osType)</vbox:OSType>
        </OperatingSystemSection>
    \(virtualHardware)
    \(virtualBox)
      </VirtualSystem>
    </Envelope>

    """
  }

  private var virtualHardware: String {
    """
        <VirtualHardwareSection>
          <Info>Virtual hardware requirements for a virtual machine</Info>
          <System>
            <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
            <vssd:InstanceID>0</vssd:InstanceID>
            <vssd:VirtualSystemIdentifier>\(Self.escaped(name))</vssd:VirtualSystemIdentifier>
            <vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType>
          </System>
          <Item>
            <rasd:Caption>\(hardware.cpus) virtual CPU</rasd:Caption>
            <rasd:Description>Number of virtual CPUs</rasd:Description>
            <rasd:InstanceID>1</rasd:InstanceID>
            <rasd:ResourceType>3</rasd:ResourceType>
            <rasd:VirtualQuantity>\(hardware.cpus)</rasd:VirtualQuantity>
          </Item>
          <Item>
            <rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits>
            <rasd:Caption>\(hardware.memory) MB of memory</rasd:Caption>
            <rasd:Description>Memory Size</rasd:Description>
            <rasd:InstanceID>2</rasd:InstanceID>
            <rasd:ResourceType>4</rasd:ResourceType>
            <rasd:VirtualQuantity>\(hardware.memory)</rasd:VirtualQuantity>
          </Item>
          <Item>
            <rasd:Address>0</rasd:Address>
            <rasd:Caption>sataController0</rasd:Caption>
            <rasd:Description>SATA Controller</rasd:Description>
            <rasd:InstanceID>3</rasd:InstanceID>
            <rasd:ResourceSubType>AHCI</rasd:ResourceSubType>
            <rasd:ResourceType>20</rasd:ResourceType>
          </Item>
          <StorageItem>
            <sasd:AddressOnParent>0</sasd:AddressOnParent>
            <sasd:Caption>disk1</sasd:Caption>
            <sasd:Description>Disk Image</sasd:Description>
            <sasd:HostResource>/disk/vmdisk1</sasd:HostResource>
            <sasd:InstanceID>4</sasd:InstanceID>
            <sasd:Parent>3</sasd:Parent>
            <sasd:ResourceType>17</sasd:ResourceType>
          </StorageItem>
          <EthernetPortItem>
            <epasd:AutomaticAllocation>true</epasd:AutomaticAllocation>
            <epasd:Caption>Ethernet adapter on 'NAT'</epasd:Caption>
            <epasd:Connection>NAT</epasd:Connection>
            <epasd:InstanceID>5</epasd:InstanceID>
            <epasd:ResourceSubType>E1000</epasd:ResourceSubType>
            <epasd:ResourceType>10</epasd:ResourceType>
          </EthernetPortItem>
        </VirtualHardwareSection>
    """
  }

  private var virtualBox: String {
    """
        <vbox:Machine ovf:required="false" version="1.16-linux" uuid="{\(identity.machine)}"\
     name="\(Self.escaped(name))" OSType="\(osType)" snapshotFolder="Snapshots" lastStateChange="1970-01-01T00:00:00Z">
          <ovf:Info>Complete VirtualBox machine configuration in VirtualBox format</ovf:Info>
          <Hardware>
            <CPU count="\(hardware.cpus)"><PAE enabled="true"/><LongMode enabled="true"/></CPU>
            <Memory RAMSize="\(hardware.memory)"/>
            <Boot>
              <Order position="1" device="HardDisk"/>
              <Order position="2" device="DVD"/>
              <Order position="3" device="None"/>
              <Order position="4" device="None"/>
            </Boot>
            <Display controller="VMSVGA" VRAMSize="\(hardware.videoMemory)"\
     accelerate3D="\(hardware.accelerates3D)"/>
            <BIOS><IOAPIC enabled="true"/></BIOS>
            <Network>
              <Adapter slot="0" enabled="true" MACAddress="\(identity.address)" type="82540EM"><NAT/></Adapter>
            </Network>
            <AudioAdapter driver="Null" enabled="false"/>
            <Clipboard mode="Bidirectional"/>
          </Hardware>
          <StorageControllers>
            <StorageController name="SATA" type="AHCI" PortCount="2" useHostIOCache="false" Bootable="true"\
     IDE0MasterEmulationPort="0" IDE0SlaveEmulationPort="1" IDE1MasterEmulationPort="2" IDE1SlaveEmulationPort="3">
              <AttachedDevice type="HardDisk" hotpluggable="false" port="0" device="0">
                <Image uuid="{\(identity.disk)}"/>
              </AttachedDevice>
            </StorageController>
          </StorageControllers>
        </vbox:Machine>
    """
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
