package import Disk
internal import Store

extension Repair {
    /// Takes the newest repair of a directory back that was not taken back yet, and returns where its copies are.
    ///
    /// - Precondition: The caller has the directory's lock.
    /// - Throws: ``RepairError/nothingToUndo(_:)``; as ``LostAndFound/undo()`` does.
    package static func undo(_ path: String, on disk: any Disk) throws(RepairError) -> String {
        let directory = DataDirectory(path)
        let newest = try RepairError.ofDisk { () throws(DiskError) -> LostAndFound? in
            guard try disk.entry(directory.lostAndFound) != nil else { return nil }
            for name in try disk.list(directory.lostAndFound).sorted().reversed() {
                let shelf = try LostAndFound("\(directory.lostAndFound)/\(name)", of: directory, on: disk)
                if let shelf, shelf.state == .done { return shelf }
            }
            return nil
        }
        guard let newest else { throw .nothingToUndo(path) }
        try newest.undo()
        return newest.path
    }
}
