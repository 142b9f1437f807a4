/// The arrays of an `.npz` archive as the client's numpyhelper writes it, or as `np.savez(path, *arrays)` does.
///
/// The helper names them `0` to one less than the number of members, `np.savez` names positional arrays `arr_0` and so
/// on. Other names, a gap, or a member of another kind have no order that everyone agrees on. The order is numeric:
/// `10` comes after `9`.
/// Source: the official client, `scaleoututil/helpers/plugins/numpyhelper.py`, `load`; numpy, `savez`.
struct NumpyArchive {
    static let memberSuffix = ".npy"
    /// The prefix of the names that numpy gives to arrays without one.
    private static let positionalPrefix = "arr_"

    let arrays: [ArrayDescriptor]
    let locations: [ArrayLocation]
    /// The prefix of all names: empty, or `arr_`.
    let namePrefix: String

    /// Returns the member name of the array with index `index`.
    static func memberName(_ index: Int, prefix: String = "") -> String { "\(prefix)\(index)\(memberSuffix)" }
}

extension NumpyArchive {
    /// Describes all arrays in numeric order; reads each member's header.
    ///
    /// - Throws: The error of the first invalid member.
    init(_ archive: ZipArchive) throws(WeightsError) {
        let first = Self.memberName(0, prefix: Self.positionalPrefix)
        let prefix = archive.member(named: first) == nil ? "" : Self.positionalPrefix
        var found = [(ArrayDescriptor, ArrayLocation)?](repeating: nil, count: archive.members.count)
        for member in archive.members where Self.index(member, prefix, count: found.count) == nil {
            throw .unexpectedMember(member.name)
        }
        // In file order, so that an archive that is itself deflated is inflated only once.
        for member in archive.members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard let index = Self.index(member, prefix, count: found.count) else {
                throw .unexpectedMember(member.name)
            }
            found[index] = try Self.array(member, archive)
        }
        // There are as many names as indices and no name is a duplicate, so every index is filled.
        let members = found.compactMap(\.self)
        arrays = members.map(\.0)
        locations = members.map(\.1)
        namePrefix = prefix
    }

    /// Returns the index in a member's name; nil if the name has another form.
    private static func index(_ member: ZipMember, _ prefix: String, count: Int) -> Int? {
        guard let dot = member.nameBytes.firstIndex(of: UInt8(ascii: ".")), dot >= prefix.utf8.count,
            let index = Int(String(decoding: member.nameBytes[prefix.utf8.count..<dot], as: UTF8.self)),
            (0..<count).contains(index), member.nameBytes.elementsEqual(memberName(index, prefix: prefix).utf8)
        else { return nil }
        return index
    }

    private static func array(
        _ member: ZipMember,
        _ archive: ZipArchive
    ) throws(WeightsError) -> (ArrayDescriptor, ArrayLocation) {
        let reader = try MemberReader(member, of: archive)
        let (descriptor, headerByteCount) = try ArrayHeader.read(reader, member: member.name)
        guard reader.remainingByteCount == descriptor.byteCount else {
            throw .arrayByteCount(
                member: member.name,
                expected: descriptor.byteCount,
                found: reader.remainingByteCount
            )
        }
        return (descriptor, .member(member, of: archive, headerByteCount: headerByteCount))
    }
}
