import JSON
import TestSupport
import Testing

@testable import Weights

struct ContainerTests {
    /// Returns a container with the given metadata.
    func container(_ metadata: String, weights: [UInt8]? = ModelFile.npz([])) -> MemorySource {
        let metadata = Array(metadata.utf8)
        var members = [
            ZipLayout.Member("metadata.json", byteCount: Int64(metadata.count), checksum: CRC32.of(metadata))
        ]
        if let weights {
            let checksum = CRC32.of(weights)
            members.append(ZipLayout.Member("training_model.bin", byteCount: Int64(weights.count), checksum: checksum))
        }
        var bytes: [UInt8] = []
        for (member, content) in zip(members, [metadata, weights ?? []]) { bytes += member.localHeader + content }
        return MemorySource(bytes + ZipLayout(members).directory(checksums: members.map { _ in 0 }))
    }

    func rejection(_ metadata: String) -> WeightsError? {
        WeightsTests.rejection { () throws(WeightsError) in _ = try ModelFile.open(container(metadata)) }
    }

    func mean(of names: [String], modelID: String = "m-9") throws -> ModelFile {
        let updates = try names.map { WeightedUpdate(try WeightsFixture.model($0), weight: 1) }
        let plan = try FedAvg().aggregate(updates, modelID: modelID)
        let bytes = try plan.collect()
        #expect(Int64(bytes.count) == plan.byteCount)
        let model = try ModelFile.open(MemorySource(bytes))
        #expect(model.kind == plan.kind)
        try model.verify()
        return model
    }

    @Test(arguments: ["{}", #"{"_version": 2}"#, #"{"_version": 0}"#, #"{"helper_type": null, "model_id": null}"#])
    func metadataMembersAreOptional(_ metadata: String) {
        #expect(rejection(metadata) == nil)
    }

    @Test func newerVersionIsRejected() {
        #expect(rejection(#"{"_version": 3}"#) == .newerVersion(found: 3, supported: 2))
    }

    @Test func malformedMetadataIsRejected() {
        #expect(rejection("[]") == .metadata(.notAnObject))
        #expect(rejection("{") == .metadata(.syntax(offset: 1)))
        #expect(rejection(#"{"_version": "two"}"#) == .metadata(.field("_version")))
        #expect(rejection(#"{"helper_type": 1}"#) == .metadata(.field("helper_type")))
        #expect(rejection(#"{"model_id": 1}"#) == .metadata(.field("model_id")))
        #expect(rejection(#"{"helper_type": "mine"}"#) == .metadata(.unknownHelper("mine")))
    }

    @Test func metadataLongerThanTheLimitIsRejected() {
        let source = container("{}" + String(repeating: " ", count: 99))
        let failure = WeightsTests.rejection { () throws(WeightsError) in
            _ = try ModelFile.open(source, limits: ModelLimits(metadataByteCountMax: 100))
        }
        #expect(failure == .metadata(.tooLong(byteCount: 101, byteCountMax: 100)))
    }

    @Test func containerWithoutWeightsIsRejected() {
        let source = container("{}", weights: nil)
        let failure = WeightsTests.rejection { () throws(WeightsError) in _ = try ModelFile.open(source) }
        #expect(failure == .missingMember("training_model.bin"))
    }

    @Test func nonArchiveWeightsAreRejectedForNumpy() {
        let source = container("{}", weights: [UInt8](repeating: 0, count: 64))
        let failure = WeightsTests.rejection { () throws(WeightsError) in _ = try ModelFile.open(source) }
        #expect(failure == .notAnArchive)
        #expect(throws: Never.self) { _ = try ModelFile.open(source, as: .binary) }
    }

    @Test func meanOfContainersIsAContainer() throws {
        let mean = try mean(of: ["container.zip", "container-stored.zip"])
        #expect(mean.kind == .container)
        #expect(mean.modelID == "m-9")
        #expect(mean.metadata?["accuracy"]?.double == 0.5)
        #expect(mean.metadata?["note"]?.string == "größer")
        #expect(mean.metadata?["helper_type"]?.string == "numpyhelper")
        #expect(mean.metadata?["_version"]?.int == 2)
    }

    /// The first participant's inference model and its description do not apply to the mean.
    @Test func inferenceModelIsOmitted() throws {
        let mean = try mean(of: ["container.zip"])
        #expect(mean.metadata?["inference_model_format"] == nil)
        #expect(mean.container?.member(named: "inference_model.bin") == nil)
    }

    @Test func attachedFilesAreKept() throws {
        let container = try #require(mean(of: ["container.zip", "container-stored.zip"]).container)
        let file = try #require(container.member(named: "files/config.json"))
        #expect(file.isDeflated)
        #expect(try container.content(of: file) == Array(String(repeating: #"{"a": 1}"#, count: 20).utf8))
    }

    @Test func damagedAttachmentNamesItsUpdate() throws {
        var bytes = try Fixture.bytes(of: "weights/container.zip")
        let container = try #require(WeightsFixture.model("container.zip").container)
        let file = try #require(container.member(named: "files/config.json"))
        bytes[Int(try container.dataOffset(of: file)) + 3] ^= 1
        let update = WeightedUpdate(try ModelFile.open(MemorySource(bytes)), weight: 1)
        let failure = WeightsTests.rejection { () throws(WeightsError) in
            _ = try FedAvg().aggregate([update], modelID: "m")
        }
        guard case .update(0, .member("files/config.json", _)) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    /// A client that sends a bare archive cannot read containers.
    @Test func meanOfContainerWithBareArchiveIsBare() throws {
        #expect(try mean(of: ["container.zip", "shapes.npz"]).kind == .npz)
        #expect(try mean(of: ["shapes.npz", "container.zip"]).kind == .npz)
    }

    @Test func meanOfAndroidContainersNamesAndroidhelper() throws {
        let mean = try mean(of: ["container-android.zip", "container-android.zip"])
        #expect(mean.metadata?["helper_type"]?.string == "androidhelper")
        #expect(try mean.array(0).values == [1.5, -2.25, 3])
    }
}
