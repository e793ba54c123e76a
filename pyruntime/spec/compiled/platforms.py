# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/platforms.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Tables of the sections of other platforms."""

TABLES: dict[str, tuple[object, ...]] = {
    'vm': ('object', ('kernel',), (
      ('hypervisor', ('object', ('path',), (('path', ('string',)), ('parameters', ('strings',))))),
      ('kernel', ('object', ('path',), (
        ('path', ('string',)),
        ('parameters', ('strings',)),
        ('initrd', ('string',)),
       ))),
      ('image', ('object', ('path', 'format'), (
        ('path', ('string',)),
        ('format', ('enum', ('raw', 'qcow2', 'vdi', 'vmdk', 'vhd'))),
       ))),
      ('hwConfig', ('object', (), (
        ('deviceTree', ('string',)),
        ('vcpus', ('integer', 0, 4294967295)),
        ('memory', ('integer', 0, 18446744073709551615)),
        ('dtdevs', ('strings',)),
        ('iomems', ('array', 0, ('object', ('firstMFN', 'nrMFNs'), (
           ('firstGFN', ('integer', 0, 18446744073709551615)),
           ('firstMFN', ('integer', 0, 18446744073709551615)),
           ('nrMFNs', ('integer', 0, 18446744073709551615)),
          )))),
        ('irqs', ('array', 0, ('integer', 0, 4294967295))),
       ))),
     )),
    'windows': ('object', ('layerFolders',), (
      ('layerFolders', ('array', 1, ('string',))),
      ('devices', ('array', 0, ('object', ('id', 'idType'), (
         ('id', ('string',)),
         ('idType', ('enum', ('class',))),
        )))),
      ('resources', ('object', (), (
        ('memory', ('object', (), (('limit', ('integer', 0, 18446744073709551615)),))),
        ('cpu', ('object', (), (
          ('count', ('integer', 0, 18446744073709551615)),
          ('shares', ('integer', 0, 65535)),
          ('maximum', ('integer', 0, 65535)),
          ('affinity', ('object', (), (
            ('mask', ('integer', 0, 18446744073709551615)),
            ('group', ('integer', 0, 4294967295)),
           ))),
         ))),
        ('storage', ('object', (), (
          ('iops', ('integer', 0, 18446744073709551615)),
          ('bps', ('integer', 0, 18446744073709551615)),
          ('sandboxSize', ('integer', 0, 18446744073709551615)),
         ))),
       ))),
      ('network', ('object', (), (
        ('endpointList', ('strings',)),
        ('allowUnqualifiedDNSQuery', ('boolean',)),
        ('DNSSearchList', ('strings',)),
        ('networkSharedContainerName', ('string',)),
        ('networkNamespace', ('string',)),
       ))),
      ('credentialSpec', ('object', (), ())),
      ('servicing', ('boolean',)),
      ('ignoreFlushesDuringBoot', ('boolean',)),
      ('hyperv', ('object', (), (('utilityVMPath', ('string',)),))),
     )),
    'solaris': ('object', (), (
      ('milestone', ('string',)),
      ('limitpriv', ('string',)),
      ('maxShmMemory', ('string',)),
      ('cappedCPU', ('object', (), (('ncpus', ('string',)),))),
      ('cappedMemory', ('object', (), (('physical', ('string',)), ('swap', ('string',))))),
      ('anet', ('array', 0, ('object', (), (
         ('linkname', ('string',)),
         ('lowerLink', ('string',)),
         ('allowedAddress', ('string',)),
         ('configureAllowedAddress', ('string',)),
         ('defrouter', ('string',)),
         ('macAddress', ('string',)),
         ('linkProtection', ('string',)),
        )))),
     )),
    'zos': ('object', (), (
      ('namespaces', ('array', 0, ('object', ('type',), (
         ('type', ('enum', ('mount', 'pid', 'uts', 'ipc'))),
         ('path', ('string',)),
        )))),
     )),
    'freebsd': ('object', (), (
      ('devices', ('array', 0, ('object', (), (('path', ('string',)), ('mode', ('integer', 0, 511)))))),
      ('jail', ('object', (), (
        ('parent', ('string',)),
        ('host', ('enum', ('new', 'inherit'))),
        ('ip4', ('enum', ('disable', 'new', 'inherit'))),
        ('ip4Addr', ('strings',)),
        ('ip6', ('enum', ('disable', 'new', 'inherit'))),
        ('ip6Addr', ('strings',)),
        ('vnet', ('enum', ('new', 'inherit'))),
        ('interface', ('string',)),
        ('vnetInterfaces', ('strings',)),
        ('sysvmsg', ('enum', ('disable', 'new', 'inherit'))),
        ('sysvsem', ('enum', ('disable', 'new', 'inherit'))),
        ('sysvshm', ('enum', ('disable', 'new', 'inherit'))),
        ('enforceStatfs', ('integer', 0, 255)),
        ('allow', ('object', (), (
          ('setHostname', ('boolean',)),
          ('rawSockets', ('boolean',)),
          ('chflags', ('boolean',)),
          ('mount', ('strings',)),
          ('quotas', ('boolean',)),
          ('socketAf', ('boolean',)),
          ('mlock', ('boolean',)),
          ('reservedPorts', ('boolean',)),
          ('suser', ('boolean',)),
         ))),
       ))),
     )),
    'sharing': ('enum', ('disable', 'new', 'inherit')),
    'sharingNoDisable': ('enum', ('new', 'inherit')),
}
