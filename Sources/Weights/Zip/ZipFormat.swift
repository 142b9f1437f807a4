/// The constants of the ZIP file format.
///
/// Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 6.3.10, section 4.3.
enum ZipFormat {
    static let localHeader: UInt32 = 0x0403_4b50
    static let dataDescriptor: UInt32 = 0x0807_4b50
    static let directoryEntry: UInt32 = 0x0201_4b50
    static let endOfDirectory64: UInt32 = 0x0606_4b50
    static let locator64: UInt32 = 0x0706_4b50
    static let endOfDirectory: UInt32 = 0x0605_4b50

    static let localHeaderByteCount = 30
    static let directoryEntryByteCount = 46
    static let endOfDirectory64ByteCount = 56
    static let locator64ByteCount = 20
    static let endOfDirectoryByteCount = 22

    static let stored: UInt16 = 0
    static let deflated: UInt16 = 8

    /// The maximum number of bytes from one deflated byte: four copies of 258 bytes, two bits each (RFC 1951).
    static let expansionMax: UInt64 = 1_032

    static let isEncrypted: UInt16 = 1 << 0
    /// Checksum and sizes follow the data.
    static let hasDescriptor: UInt16 = 1 << 3
    static let isNameUTF8: UInt16 = 1 << 11
    static let isStronglyEncrypted: UInt16 = 1 << 6
    static let isMasked: UInt16 = 1 << 13
    static let isPatch: UInt16 = 1 << 5
    static let unreadable = isEncrypted | isStronglyEncrypted | isMasked | isPatch

    /// The id of the extra field with the numbers that do not fit into 32 bits.
    static let zip64Extra: UInt16 = 1
    /// The placeholder for a number that is in the ZIP64 field or record.
    static let in64: UInt32 = 0xffff_ffff
    static let countIn64: UInt16 = 0xffff

    // The writer's version and the constant attributes of every member.
    static let version: UInt16 = 20
    static let version64: UInt16 = 45
    /// Unix, so that attributes are Unix file modes.
    static let madeBy: UInt16 = 3 << 8
    /// A regular file with mode 644.
    static let regularFile: UInt32 = 0o100644 << 16
    /// The first date of the format: 1980-01-01.
    static let date: UInt16 = 1 << 5 | 1
}
