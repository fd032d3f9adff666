/* SPDX-License-Identifier: MIT */
/* Register names and values, arm64: the hypervisor's own. Included by whv_registers.h. */
#ifndef WHV_REGISTERS_ARM64_H
#define WHV_REGISTERS_ARM64_H

/* General purpose */
#define WHV_REGISTER_LIST_GENERAL(X) \
	X(WHvArm64RegisterX0, 0x00020000) \
	X(WHvArm64RegisterX1, 0x00020001) \
	X(WHvArm64RegisterX2, 0x00020002) \
	X(WHvArm64RegisterX3, 0x00020003) \
	X(WHvArm64RegisterX4, 0x00020004) \
	X(WHvArm64RegisterX5, 0x00020005) \
	X(WHvArm64RegisterX6, 0x00020006) \
	X(WHvArm64RegisterX7, 0x00020007) \
	X(WHvArm64RegisterX8, 0x00020008) \
	X(WHvArm64RegisterX9, 0x00020009) \
	X(WHvArm64RegisterX10, 0x0002000a) \
	X(WHvArm64RegisterX11, 0x0002000b) \
	X(WHvArm64RegisterX12, 0x0002000c) \
	X(WHvArm64RegisterX13, 0x0002000d) \
	X(WHvArm64RegisterX14, 0x0002000e) \
	X(WHvArm64RegisterX15, 0x0002000f) \
	X(WHvArm64RegisterX16, 0x00020010) \
	X(WHvArm64RegisterX17, 0x00020011) \
	X(WHvArm64RegisterX18, 0x00020012) \
	X(WHvArm64RegisterX19, 0x00020013) \
	X(WHvArm64RegisterX20, 0x00020014) \
	X(WHvArm64RegisterX21, 0x00020015) \
	X(WHvArm64RegisterX22, 0x00020016) \
	X(WHvArm64RegisterX23, 0x00020017) \
	X(WHvArm64RegisterX24, 0x00020018) \
	X(WHvArm64RegisterX25, 0x00020019) \
	X(WHvArm64RegisterX26, 0x0002001a) \
	X(WHvArm64RegisterX27, 0x0002001b) \
	X(WHvArm64RegisterX28, 0x0002001c) \
	X(WHvArm64RegisterFp, 0x0002001d) \
	X(WHvArm64RegisterLr, 0x0002001e) \
	X(WHvArm64RegisterSp, 0x0002001f) \
	X(WHvArm64RegisterSpEl0, 0x00020020) \
	X(WHvArm64RegisterSpEl1, 0x00020021) \
	X(WHvArm64RegisterPc, 0x00020022) \
	X(WHvArm64RegisterPstate, 0x00020023) \
	X(WHvArm64RegisterSpsrEl1, 0x00040014) \
	X(WHvArm64RegisterElrEl1, 0x00040015)

/* Floating point and vector */
#define WHV_REGISTER_LIST_FP(X) \
	X(WHvArm64RegisterQ0, 0x00030000) \
	X(WHvArm64RegisterQ1, 0x00030001) \
	X(WHvArm64RegisterQ2, 0x00030002) \
	X(WHvArm64RegisterQ3, 0x00030003) \
	X(WHvArm64RegisterQ4, 0x00030004) \
	X(WHvArm64RegisterQ5, 0x00030005) \
	X(WHvArm64RegisterQ6, 0x00030006) \
	X(WHvArm64RegisterQ7, 0x00030007) \
	X(WHvArm64RegisterQ8, 0x00030008) \
	X(WHvArm64RegisterQ9, 0x00030009) \
	X(WHvArm64RegisterQ10, 0x0003000a) \
	X(WHvArm64RegisterQ11, 0x0003000b) \
	X(WHvArm64RegisterQ12, 0x0003000c) \
	X(WHvArm64RegisterQ13, 0x0003000d) \
	X(WHvArm64RegisterQ14, 0x0003000e) \
	X(WHvArm64RegisterQ15, 0x0003000f) \
	X(WHvArm64RegisterQ16, 0x00030010) \
	X(WHvArm64RegisterQ17, 0x00030011) \
	X(WHvArm64RegisterQ18, 0x00030012) \
	X(WHvArm64RegisterQ19, 0x00030013) \
	X(WHvArm64RegisterQ20, 0x00030014) \
	X(WHvArm64RegisterQ21, 0x00030015) \
	X(WHvArm64RegisterQ22, 0x00030016) \
	X(WHvArm64RegisterQ23, 0x00030017) \
	X(WHvArm64RegisterQ24, 0x00030018) \
	X(WHvArm64RegisterQ25, 0x00030019) \
	X(WHvArm64RegisterQ26, 0x0003001a) \
	X(WHvArm64RegisterQ27, 0x0003001b) \
	X(WHvArm64RegisterQ28, 0x0003001c) \
	X(WHvArm64RegisterQ29, 0x0003001d) \
	X(WHvArm64RegisterQ30, 0x0003001e) \
	X(WHvArm64RegisterQ31, 0x0003001f) \
	X(WHvArm64RegisterFpcr, 0x00040012) \
	X(WHvArm64RegisterFpsr, 0x00040013)

/* Identification, 0x00022000 + (CRm << 3) + op2: of the partition, by WHV_ANY_VP */
#define WHV_REGISTER_LIST_ID(X) \
	X(WHvArm64RegisterIdMidrEl1, 0x00022000) \
	X(WHvArm64RegisterIdRes01El1, 0x00022001) \
	X(WHvArm64RegisterIdRes02El1, 0x00022002) \
	X(WHvArm64RegisterIdRes03El1, 0x00022003) \
	X(WHvArm64RegisterIdRes04El1, 0x00022004) \
	X(WHvArm64RegisterIdMpidrEl1, 0x00022005) \
	X(WHvArm64RegisterIdRevidrEl1, 0x00022006) \
	X(WHvArm64RegisterIdRes07El1, 0x00022007) \
	X(WHvArm64RegisterIdPfr0El1, 0x00022008) \
	X(WHvArm64RegisterIdPfr1El1, 0x00022009) \
	X(WHvArm64RegisterIdDfr0El1, 0x0002200a) \
	X(WHvArm64RegisterIdRes13El1, 0x0002200b) \
	X(WHvArm64RegisterIdMmfr0El1, 0x0002200c) \
	X(WHvArm64RegisterIdMmfr1El1, 0x0002200d) \
	X(WHvArm64RegisterIdMmfr2El1, 0x0002200e) \
	X(WHvArm64RegisterIdMmfr3El1, 0x0002200f) \
	X(WHvArm64RegisterIdIsar0El1, 0x00022010) \
	X(WHvArm64RegisterIdIsar1El1, 0x00022011) \
	X(WHvArm64RegisterIdIsar2El1, 0x00022012) \
	X(WHvArm64RegisterIdIsar3El1, 0x00022013) \
	X(WHvArm64RegisterIdIsar4El1, 0x00022014) \
	X(WHvArm64RegisterIdIsar5El1, 0x00022015) \
	X(WHvArm64RegisterIdRes26El1, 0x00022016) \
	X(WHvArm64RegisterIdRes27El1, 0x00022017) \
	X(WHvArm64RegisterIdMvfr0El1, 0x00022018) \
	X(WHvArm64RegisterIdMvfr1El1, 0x00022019) \
	X(WHvArm64RegisterIdMvfr2El1, 0x0002201a) \
	X(WHvArm64RegisterIdRes33El1, 0x0002201b) \
	X(WHvArm64RegisterIdPfr2El1, 0x0002201c) \
	X(WHvArm64RegisterIdRes35El1, 0x0002201d) \
	X(WHvArm64RegisterIdRes36El1, 0x0002201e) \
	X(WHvArm64RegisterIdRes37El1, 0x0002201f) \
	X(WHvArm64RegisterIdAa64Pfr0El1, 0x00022020) \
	X(WHvArm64RegisterIdAa64Pfr1El1, 0x00022021) \
	X(WHvArm64RegisterIdAa64Pfr2El1, 0x00022022) \
	X(WHvArm64RegisterIdRes43El1, 0x00022023) \
	X(WHvArm64RegisterIdAa64Zfr0El1, 0x00022024) \
	X(WHvArm64RegisterIdAa64Smfr0El1, 0x00022025) \
	X(WHvArm64RegisterIdRes46El1, 0x00022026) \
	X(WHvArm64RegisterIdRes47El1, 0x00022027) \
	X(WHvArm64RegisterIdAa64Dfr0El1, 0x00022028) \
	X(WHvArm64RegisterIdAa64Dfr1El1, 0x00022029) \
	X(WHvArm64RegisterIdRes52El1, 0x0002202a) \
	X(WHvArm64RegisterIdRes53El1, 0x0002202b) \
	X(WHvArm64RegisterIdRes54El1, 0x0002202c) \
	X(WHvArm64RegisterIdRes55El1, 0x0002202d) \
	X(WHvArm64RegisterIdRes56El1, 0x0002202e) \
	X(WHvArm64RegisterIdRes57El1, 0x0002202f) \
	X(WHvArm64RegisterIdAa64Isar0El1, 0x00022030) \
	X(WHvArm64RegisterIdAa64Isar1El1, 0x00022031) \
	X(WHvArm64RegisterIdAa64Isar2El1, 0x00022032) \
	X(WHvArm64RegisterIdRes63El1, 0x00022033) \
	X(WHvArm64RegisterIdRes64El1, 0x00022034) \
	X(WHvArm64RegisterIdRes65El1, 0x00022035) \
	X(WHvArm64RegisterIdRes66El1, 0x00022036) \
	X(WHvArm64RegisterIdRes67El1, 0x00022037) \
	X(WHvArm64RegisterIdAa64Mmfr0El1, 0x00022038) \
	X(WHvArm64RegisterIdAa64Mmfr1El1, 0x00022039) \
	X(WHvArm64RegisterIdAa64Mmfr2El1, 0x0002203a) \
	X(WHvArm64RegisterIdAa64Mmfr3El1, 0x0002203b) \
	X(WHvArm64RegisterIdAa64Mmfr4El1, 0x0002203c) \
	X(WHvArm64RegisterIdRes75El1, 0x0002203d) \
	X(WHvArm64RegisterIdRes76El1, 0x0002203e) \
	X(WHvArm64RegisterIdRes77El1, 0x0002203f) \
	X(WHvArm64RegisterIdRes80El1, 0x00022040) \
	X(WHvArm64RegisterIdRes81El1, 0x00022041) \
	X(WHvArm64RegisterIdRes82El1, 0x00022042) \
	X(WHvArm64RegisterIdRes83El1, 0x00022043) \
	X(WHvArm64RegisterIdRes84El1, 0x00022044) \
	X(WHvArm64RegisterIdRes85El1, 0x00022045) \
	X(WHvArm64RegisterIdRes86El1, 0x00022046) \
	X(WHvArm64RegisterIdRes87El1, 0x00022047) \
	X(WHvArm64RegisterIdRes90El1, 0x00022048) \
	X(WHvArm64RegisterIdRes91El1, 0x00022049) \
	X(WHvArm64RegisterIdRes92El1, 0x0002204a) \
	X(WHvArm64RegisterIdRes93El1, 0x0002204b) \
	X(WHvArm64RegisterIdRes94El1, 0x0002204c) \
	X(WHvArm64RegisterIdRes95El1, 0x0002204d) \
	X(WHvArm64RegisterIdRes96El1, 0x0002204e) \
	X(WHvArm64RegisterIdRes97El1, 0x0002204f) \
	X(WHvArm64RegisterIdRes100El1, 0x00022050) \
	X(WHvArm64RegisterIdRes101El1, 0x00022051) \
	X(WHvArm64RegisterIdRes102El1, 0x00022052) \
	X(WHvArm64RegisterIdRes103El1, 0x00022053) \
	X(WHvArm64RegisterIdRes104El1, 0x00022054) \
	X(WHvArm64RegisterIdRes105El1, 0x00022055) \
	X(WHvArm64RegisterIdRes106El1, 0x00022056) \
	X(WHvArm64RegisterIdRes107El1, 0x00022057) \
	X(WHvArm64RegisterIdRes110El1, 0x00022058) \
	X(WHvArm64RegisterIdRes111El1, 0x00022059) \
	X(WHvArm64RegisterIdRes112El1, 0x0002205a) \
	X(WHvArm64RegisterIdRes113El1, 0x0002205b) \
	X(WHvArm64RegisterIdRes114El1, 0x0002205c) \
	X(WHvArm64RegisterIdRes115El1, 0x0002205d) \
	X(WHvArm64RegisterIdRes116El1, 0x0002205e) \
	X(WHvArm64RegisterIdRes117El1, 0x0002205f) \
	X(WHvArm64RegisterIdRes120El1, 0x00022060) \
	X(WHvArm64RegisterIdRes121El1, 0x00022061) \
	X(WHvArm64RegisterIdRes122El1, 0x00022062) \
	X(WHvArm64RegisterIdRes123El1, 0x00022063) \
	X(WHvArm64RegisterIdRes124El1, 0x00022064) \
	X(WHvArm64RegisterIdRes125El1, 0x00022065) \
	X(WHvArm64RegisterIdRes126El1, 0x00022066) \
	X(WHvArm64RegisterIdRes127El1, 0x00022067) \
	X(WHvArm64RegisterIdRes130El1, 0x00022068) \
	X(WHvArm64RegisterIdRes131El1, 0x00022069) \
	X(WHvArm64RegisterIdRes132El1, 0x0002206a) \
	X(WHvArm64RegisterIdRes133El1, 0x0002206b) \
	X(WHvArm64RegisterIdRes134El1, 0x0002206c) \
	X(WHvArm64RegisterIdRes135El1, 0x0002206d) \
	X(WHvArm64RegisterIdRes136El1, 0x0002206e) \
	X(WHvArm64RegisterIdRes137El1, 0x0002206f) \
	X(WHvArm64RegisterIdRes140El1, 0x00022070) \
	X(WHvArm64RegisterIdRes141El1, 0x00022071) \
	X(WHvArm64RegisterIdRes142El1, 0x00022072) \
	X(WHvArm64RegisterIdRes143El1, 0x00022073) \
	X(WHvArm64RegisterIdRes144El1, 0x00022074) \
	X(WHvArm64RegisterIdRes145El1, 0x00022075) \
	X(WHvArm64RegisterIdRes146El1, 0x00022076) \
	X(WHvArm64RegisterIdRes147El1, 0x00022077) \
	X(WHvArm64RegisterIdRes150El1, 0x00022078) \
	X(WHvArm64RegisterIdRes151El1, 0x00022079) \
	X(WHvArm64RegisterIdRes152El1, 0x0002207a) \
	X(WHvArm64RegisterIdRes153El1, 0x0002207b) \
	X(WHvArm64RegisterIdRes154El1, 0x0002207c) \
	X(WHvArm64RegisterIdRes155El1, 0x0002207d) \
	X(WHvArm64RegisterIdRes156El1, 0x0002207e) \
	X(WHvArm64RegisterIdRes157El1, 0x0002207f)

/* System registers of EL1 and EL0 */
#define WHV_REGISTER_LIST_SYSTEM(X) \
	X(WHvArm64RegisterMpidrEl1, 0x00040001) \
	X(WHvArm64RegisterSctlrEl1, 0x00040002) \
	X(WHvArm64RegisterActlrEl1, 0x00040003) \
	X(WHvArm64RegisterCpacrEl1, 0x00040004) \
	X(WHvArm64RegisterTtbr0El1, 0x00040005) \
	X(WHvArm64RegisterTtbr1El1, 0x00040006) \
	X(WHvArm64RegisterTcrEl1, 0x00040007) \
	X(WHvArm64RegisterEsrEl1, 0x00040008) \
	X(WHvArm64RegisterFarEl1, 0x00040009) \
	X(WHvArm64RegisterParEl1, 0x0004000a) \
	X(WHvArm64RegisterMairEl1, 0x0004000b) \
	X(WHvArm64RegisterVbarEl1, 0x0004000c) \
	X(WHvArm64RegisterContextidrEl1, 0x0004000d) \
	X(WHvArm64RegisterTpidrEl1, 0x0004000e) \
	X(WHvArm64RegisterTpidrroEl0, 0x00040010) \
	X(WHvArm64RegisterTpidrEl0, 0x00040011) \
	X(WHvArm64RegisterApdAKeyHiEl1, 0x00040026) \
	X(WHvArm64RegisterApdAKeyLoEl1, 0x00040027) \
	X(WHvArm64RegisterApdBKeyHiEl1, 0x00040028) \
	X(WHvArm64RegisterApdBKeyLoEl1, 0x00040029) \
	X(WHvArm64RegisterApgAKeyHiEl1, 0x0004002a) \
	X(WHvArm64RegisterApgAKeyLoEl1, 0x0004002b) \
	X(WHvArm64RegisterApiAKeyHiEl1, 0x0004002c) \
	X(WHvArm64RegisterApiAKeyLoEl1, 0x0004002d) \
	X(WHvArm64RegisterApiBKeyHiEl1, 0x0004002e) \
	X(WHvArm64RegisterApiBKeyLoEl1, 0x0004002f) \
	X(WHvArm64RegisterCsselrEl1, 0x00040035) \
	X(WHvArm64RegisterMidrEl1, 0x00040051) \
	X(WHvArm64RegisterZcrEl1, 0x00040071)

/* Debug */
#define WHV_REGISTER_LIST_DEBUG(X) \
	X(WHvArm64RegisterDbgbcr0El1, 0x00050000) \
	X(WHvArm64RegisterDbgbcr1El1, 0x00050001) \
	X(WHvArm64RegisterDbgbcr2El1, 0x00050002) \
	X(WHvArm64RegisterDbgbcr3El1, 0x00050003) \
	X(WHvArm64RegisterDbgbcr4El1, 0x00050004) \
	X(WHvArm64RegisterDbgbcr5El1, 0x00050005) \
	X(WHvArm64RegisterDbgbcr6El1, 0x00050006) \
	X(WHvArm64RegisterDbgbcr7El1, 0x00050007) \
	X(WHvArm64RegisterDbgbcr8El1, 0x00050008) \
	X(WHvArm64RegisterDbgbcr9El1, 0x00050009) \
	X(WHvArm64RegisterDbgbcr10El1, 0x0005000a) \
	X(WHvArm64RegisterDbgbcr11El1, 0x0005000b) \
	X(WHvArm64RegisterDbgbcr12El1, 0x0005000c) \
	X(WHvArm64RegisterDbgbcr13El1, 0x0005000d) \
	X(WHvArm64RegisterDbgbcr14El1, 0x0005000e) \
	X(WHvArm64RegisterDbgbcr15El1, 0x0005000f) \
	X(WHvArm64RegisterDbgwcr0El1, 0x00050010) \
	X(WHvArm64RegisterDbgwcr1El1, 0x00050011) \
	X(WHvArm64RegisterDbgwcr2El1, 0x00050012) \
	X(WHvArm64RegisterDbgwcr3El1, 0x00050013) \
	X(WHvArm64RegisterDbgwcr4El1, 0x00050014) \
	X(WHvArm64RegisterDbgwcr5El1, 0x00050015) \
	X(WHvArm64RegisterDbgwcr6El1, 0x00050016) \
	X(WHvArm64RegisterDbgwcr7El1, 0x00050017) \
	X(WHvArm64RegisterDbgwcr8El1, 0x00050018) \
	X(WHvArm64RegisterDbgwcr9El1, 0x00050019) \
	X(WHvArm64RegisterDbgwcr10El1, 0x0005001a) \
	X(WHvArm64RegisterDbgwcr11El1, 0x0005001b) \
	X(WHvArm64RegisterDbgwcr12El1, 0x0005001c) \
	X(WHvArm64RegisterDbgwcr13El1, 0x0005001d) \
	X(WHvArm64RegisterDbgwcr14El1, 0x0005001e) \
	X(WHvArm64RegisterDbgwcr15El1, 0x0005001f) \
	X(WHvArm64RegisterDbgbvr0El1, 0x00050020) \
	X(WHvArm64RegisterDbgbvr1El1, 0x00050021) \
	X(WHvArm64RegisterDbgbvr2El1, 0x00050022) \
	X(WHvArm64RegisterDbgbvr3El1, 0x00050023) \
	X(WHvArm64RegisterDbgbvr4El1, 0x00050024) \
	X(WHvArm64RegisterDbgbvr5El1, 0x00050025) \
	X(WHvArm64RegisterDbgbvr6El1, 0x00050026) \
	X(WHvArm64RegisterDbgbvr7El1, 0x00050027) \
	X(WHvArm64RegisterDbgbvr8El1, 0x00050028) \
	X(WHvArm64RegisterDbgbvr9El1, 0x00050029) \
	X(WHvArm64RegisterDbgbvr10El1, 0x0005002a) \
	X(WHvArm64RegisterDbgbvr11El1, 0x0005002b) \
	X(WHvArm64RegisterDbgbvr12El1, 0x0005002c) \
	X(WHvArm64RegisterDbgbvr13El1, 0x0005002d) \
	X(WHvArm64RegisterDbgbvr14El1, 0x0005002e) \
	X(WHvArm64RegisterDbgbvr15El1, 0x0005002f) \
	X(WHvArm64RegisterDbgwvr0El1, 0x00050030) \
	X(WHvArm64RegisterDbgwvr1El1, 0x00050031) \
	X(WHvArm64RegisterDbgwvr2El1, 0x00050032) \
	X(WHvArm64RegisterDbgwvr3El1, 0x00050033) \
	X(WHvArm64RegisterDbgwvr4El1, 0x00050034) \
	X(WHvArm64RegisterDbgwvr5El1, 0x00050035) \
	X(WHvArm64RegisterDbgwvr6El1, 0x00050036) \
	X(WHvArm64RegisterDbgwvr7El1, 0x00050037) \
	X(WHvArm64RegisterDbgwvr8El1, 0x00050038) \
	X(WHvArm64RegisterDbgwvr9El1, 0x00050039) \
	X(WHvArm64RegisterDbgwvr10El1, 0x0005003a) \
	X(WHvArm64RegisterDbgwvr11El1, 0x0005003b) \
	X(WHvArm64RegisterDbgwvr12El1, 0x0005003c) \
	X(WHvArm64RegisterDbgwvr13El1, 0x0005003d) \
	X(WHvArm64RegisterDbgwvr14El1, 0x0005003e) \
	X(WHvArm64RegisterDbgwvr15El1, 0x0005003f) \
	X(WHvArm64RegisterDbgprcrEl1, 0x00050045) \
	X(WHvArm64RegisterMdrarEl1, 0x0005004c) \
	X(WHvArm64RegisterMdscrEl1, 0x0005004d) \
	X(WHvArm64RegisterOsdlrEl1, 0x0005004e) \
	X(WHvArm64RegisterOslarEl1, 0x00050052) \
	X(WHvArm64RegisterOslsrEl1, 0x00050053)

/* Performance monitors */
#define WHV_REGISTER_LIST_PMU(X) \
	X(WHvArm64RegisterPmccfiltrEl0, 0x00052000) \
	X(WHvArm64RegisterPmccntrEl0, 0x00052001) \
	X(WHvArm64RegisterPmceid0El0, 0x00052002) \
	X(WHvArm64RegisterPmceid1El0, 0x00052003) \
	X(WHvArm64RegisterPmcntenclrEl0, 0x00052004) \
	X(WHvArm64RegisterPmcntensetEl0, 0x00052005) \
	X(WHvArm64RegisterPmcrEl0, 0x00052006) \
	X(WHvArm64RegisterPmevcntr0El0, 0x00052007) \
	X(WHvArm64RegisterPmevcntr1El0, 0x00052008) \
	X(WHvArm64RegisterPmevcntr2El0, 0x00052009) \
	X(WHvArm64RegisterPmevcntr3El0, 0x0005200a) \
	X(WHvArm64RegisterPmevcntr4El0, 0x0005200b) \
	X(WHvArm64RegisterPmevcntr5El0, 0x0005200c) \
	X(WHvArm64RegisterPmevcntr6El0, 0x0005200d) \
	X(WHvArm64RegisterPmevcntr7El0, 0x0005200e) \
	X(WHvArm64RegisterPmevcntr8El0, 0x0005200f) \
	X(WHvArm64RegisterPmevcntr9El0, 0x00052010) \
	X(WHvArm64RegisterPmevcntr10El0, 0x00052011) \
	X(WHvArm64RegisterPmevcntr11El0, 0x00052012) \
	X(WHvArm64RegisterPmevcntr12El0, 0x00052013) \
	X(WHvArm64RegisterPmevcntr13El0, 0x00052014) \
	X(WHvArm64RegisterPmevcntr14El0, 0x00052015) \
	X(WHvArm64RegisterPmevcntr15El0, 0x00052016) \
	X(WHvArm64RegisterPmevcntr16El0, 0x00052017) \
	X(WHvArm64RegisterPmevcntr17El0, 0x00052018) \
	X(WHvArm64RegisterPmevcntr18El0, 0x00052019) \
	X(WHvArm64RegisterPmevcntr19El0, 0x0005201a) \
	X(WHvArm64RegisterPmevcntr20El0, 0x0005201b) \
	X(WHvArm64RegisterPmevcntr21El0, 0x0005201c) \
	X(WHvArm64RegisterPmevcntr22El0, 0x0005201d) \
	X(WHvArm64RegisterPmevcntr23El0, 0x0005201e) \
	X(WHvArm64RegisterPmevcntr24El0, 0x0005201f) \
	X(WHvArm64RegisterPmevcntr25El0, 0x00052020) \
	X(WHvArm64RegisterPmevcntr26El0, 0x00052021) \
	X(WHvArm64RegisterPmevcntr27El0, 0x00052022) \
	X(WHvArm64RegisterPmevcntr28El0, 0x00052023) \
	X(WHvArm64RegisterPmevcntr29El0, 0x00052024) \
	X(WHvArm64RegisterPmevcntr30El0, 0x00052025) \
	X(WHvArm64RegisterPmevtyper0El0, 0x00052026) \
	X(WHvArm64RegisterPmevtyper1El0, 0x00052027) \
	X(WHvArm64RegisterPmevtyper2El0, 0x00052028) \
	X(WHvArm64RegisterPmevtyper3El0, 0x00052029) \
	X(WHvArm64RegisterPmevtyper4El0, 0x0005202a) \
	X(WHvArm64RegisterPmevtyper5El0, 0x0005202b) \
	X(WHvArm64RegisterPmevtyper6El0, 0x0005202c) \
	X(WHvArm64RegisterPmevtyper7El0, 0x0005202d) \
	X(WHvArm64RegisterPmevtyper8El0, 0x0005202e) \
	X(WHvArm64RegisterPmevtyper9El0, 0x0005202f) \
	X(WHvArm64RegisterPmevtyper10El0, 0x00052030) \
	X(WHvArm64RegisterPmevtyper11El0, 0x00052031) \
	X(WHvArm64RegisterPmevtyper12El0, 0x00052032) \
	X(WHvArm64RegisterPmevtyper13El0, 0x00052033) \
	X(WHvArm64RegisterPmevtyper14El0, 0x00052034) \
	X(WHvArm64RegisterPmevtyper15El0, 0x00052035) \
	X(WHvArm64RegisterPmevtyper16El0, 0x00052036) \
	X(WHvArm64RegisterPmevtyper17El0, 0x00052037) \
	X(WHvArm64RegisterPmevtyper18El0, 0x00052038) \
	X(WHvArm64RegisterPmevtyper19El0, 0x00052039) \
	X(WHvArm64RegisterPmevtyper20El0, 0x0005203a) \
	X(WHvArm64RegisterPmevtyper21El0, 0x0005203b) \
	X(WHvArm64RegisterPmevtyper22El0, 0x0005203c) \
	X(WHvArm64RegisterPmevtyper23El0, 0x0005203d) \
	X(WHvArm64RegisterPmevtyper24El0, 0x0005203e) \
	X(WHvArm64RegisterPmevtyper25El0, 0x0005203f) \
	X(WHvArm64RegisterPmevtyper26El0, 0x00052040) \
	X(WHvArm64RegisterPmevtyper27El0, 0x00052041) \
	X(WHvArm64RegisterPmevtyper28El0, 0x00052042) \
	X(WHvArm64RegisterPmevtyper29El0, 0x00052043) \
	X(WHvArm64RegisterPmevtyper30El0, 0x00052044) \
	X(WHvArm64RegisterPmintenclrEl1, 0x00052045) \
	X(WHvArm64RegisterPmintensetEl1, 0x00052046) \
	X(WHvArm64RegisterPmovsclrEl0, 0x00052048) \
	X(WHvArm64RegisterPmovssetEl0, 0x00052049) \
	X(WHvArm64RegisterPmselrEl0, 0x0005204a) \
	X(WHvArm64RegisterPmuserenrEl0, 0x0005204c)

/* Generic timer, and the redistributor */
#define WHV_REGISTER_LIST_TIMER_GIC(X) \
	X(WHvArm64RegisterCntkctlEl1, 0x00058008) \
	X(WHvArm64RegisterCntvCtlEl0, 0x0005800e) \
	X(WHvArm64RegisterCntvCvalEl0, 0x0005800f) \
	X(WHvArm64RegisterCntvctEl0, 0x00058011) \
	X(WHvArm64RegisterGicrBaseGpa, 0x00063000)

/* SynIC */
#define WHV_REGISTER_LIST_SYNIC(X) \
	X(WHvRegisterSint0, 0x000a0000) \
	X(WHvRegisterSint1, 0x000a0001) \
	X(WHvRegisterSint2, 0x000a0002) \
	X(WHvRegisterSint3, 0x000a0003) \
	X(WHvRegisterSint4, 0x000a0004) \
	X(WHvRegisterSint5, 0x000a0005) \
	X(WHvRegisterSint6, 0x000a0006) \
	X(WHvRegisterSint7, 0x000a0007) \
	X(WHvRegisterSint8, 0x000a0008) \
	X(WHvRegisterSint9, 0x000a0009) \
	X(WHvRegisterSint10, 0x000a000a) \
	X(WHvRegisterSint11, 0x000a000b) \
	X(WHvRegisterSint12, 0x000a000c) \
	X(WHvRegisterSint13, 0x000a000d) \
	X(WHvRegisterSint14, 0x000a000e) \
	X(WHvRegisterSint15, 0x000a000f) \
	X(WHvRegisterScontrol, 0x000a0010) \
	X(WHvRegisterSversion, 0x000a0011) \
	X(WHvRegisterSifp, 0x000a0012) \
	X(WHvRegisterSipp, 0x000a0013) \
	X(WHvRegisterEom, 0x000a0014)

/* Hypervisor-defined */
#define WHV_REGISTER_LIST_HV(X) \
	X(WHvRegisterInternalActivityState, 0x00000004) \
	X(WHvRegisterHypervisorVersion, 0x00000100) \
	X(WHvRegisterPrivilegesAndFeaturesInfo, 0x00000200) \
	X(WHvRegisterFeaturesInfo, 0x00000201) \
	X(WHvRegisterImplementationLimitsInfo, 0x00000202) \
	X(WHvRegisterHardwareFeaturesInfo, 0x00000203) \
	X(WHvRegisterCpuManagementFeaturesInfo, 0x00000204) \
	X(WHvRegisterPasidFeaturesInfo, 0x00000205) \
	X(WHvRegisterGuestCrashP0, 0x00000210) \
	X(WHvRegisterGuestCrashP1, 0x00000211) \
	X(WHvRegisterGuestCrashP2, 0x00000212) \
	X(WHvRegisterGuestCrashP3, 0x00000213) \
	X(WHvRegisterGuestCrashP4, 0x00000214) \
	X(WHvRegisterGuestCrashCtl, 0x00000215) \
	X(WHvRegisterPendingEvent0, 0x00010004) \
	X(WHvRegisterPendingEvent1, 0x00010005) \
	X(WHvRegisterDeliverabilityNotifications, 0x00010006) \
	X(WHvRegisterPendingEvent2, 0x00010008) \
	X(WHvRegisterPendingEvent3, 0x00010009) \
	X(WHvRegisterVpRuntime, 0x00090000) \
	X(WHvRegisterGuestOsId, 0x00090002) \
	X(WHvRegisterVpAssistPage, 0x00090013) \
	X(WHvArm64RegisterPartitionInfoPage, 0x00090015) \
	X(WHvRegisterReferenceTsc, 0x00090017) \
	X(WHvRegisterReferenceTscSequence, 0x0009001a)

#define WHV_REGISTER_LIST(X) \
	WHV_REGISTER_LIST_GENERAL(X) \
	WHV_REGISTER_LIST_FP(X) \
	WHV_REGISTER_LIST_ID(X) \
	WHV_REGISTER_LIST_SYSTEM(X) \
	WHV_REGISTER_LIST_DEBUG(X) \
	WHV_REGISTER_LIST_PMU(X) \
	WHV_REGISTER_LIST_TIMER_GIC(X) \
	WHV_REGISTER_LIST_SYNIC(X) \
	WHV_REGISTER_LIST_HV(X)

#define WHV_REGISTER_ENUM(name, code) name = (code),
typedef enum WHV_REGISTER_NAME { WHV_REGISTER_LIST(WHV_REGISTER_ENUM) } WHV_REGISTER_NAME;
#undef WHV_REGISTER_ENUM

/* Names that x64 has */
#define WHvRegisterSiefp	WHvRegisterSifp
#define WHvRegisterSimp		WHvRegisterSipp
#define WHvRegisterPendingEvent WHvRegisterPendingEvent0

typedef enum WHV_ARM64_PENDING_EVENT_TYPE {
	WHvArm64PendingEventException,
	WHvArm64PendingEventSyntheticException,
} WHV_ARM64_PENDING_EVENT_TYPE;

#define WHV_ARM64_PENDING_EVENT_HEADER \
	UINT8 EventPending : 1; \
	UINT8 EventType : 3; \
	UINT8 Reserved : 4

typedef union WHV_ARM64_PENDING_EXCEPTION_EVENT {
	UINT64 AsUINT64[3];
	struct {
		WHV_ARM64_PENDING_EVENT_HEADER;
		UINT8 Reserved1;
		UINT16 Reserved2;
		UINT32 Reserved3;
		UINT64 EsrElx, FarElx;
	};
} WHV_ARM64_PENDING_EXCEPTION_EVENT;

typedef enum WHV_ARM64_SYNTHETIC_EXCEPTION_TYPE {
	WHvArm64SyntheticExceptionTypeSmc,
	WHvArm64SyntheticExceptionTypeSecure,
	WHvArm64SyntheticExceptionTypeCrashdump,
	WHvArm64SyntheticExceptionTypeVirtualizationFault,
	WHvArm64SyntheticExceptionTypeMax = 0x40,
} WHV_ARM64_SYNTHETIC_EXCEPTION_TYPE;

typedef union WHV_ARM64_PENDING_SYNTHETIC_EXCEPTION_EVENT {
	UINT64 AsUINT64[2];
	struct {
		WHV_ARM64_PENDING_EVENT_HEADER;
		UINT8 Reserved1;
		UINT16 Reserved2;
		UINT32 ExceptionType;
		UINT64 Context;
	};
} WHV_ARM64_PENDING_SYNTHETIC_EXCEPTION_EVENT;

/* Two registers: PendingEvent0 and 1, or 2 and 3 */
typedef union WHV_ARM64_PENDING_EVENT {
	struct {
		WHV_UINT128 Reg0, Reg1;
	};
	struct {
		WHV_ARM64_PENDING_EVENT_HEADER;
		UINT8 EventData[15];
	};
	WHV_ARM64_PENDING_EXCEPTION_EVENT Exception;
	WHV_ARM64_PENDING_SYNTHETIC_EXCEPTION_EVENT SyntheticException;
} WHV_ARM64_PENDING_EVENT;

typedef union WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER {
	struct {
		UINT64 Reserved : 48;
		UINT64 Sint : 16;
	};
	UINT64 AsUINT64;
} WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER, WHV_X64_DELIVERABILITY_NOTIFICATIONS_REGISTER;

typedef union WHV_REGISTER_VALUE {
	WHV_UINT128 Reg128;
	UINT64 Reg64;
	UINT32 Reg32;
	UINT16 Reg16;
	UINT8 Reg8;
	WHV_INTERNAL_ACTIVITY_REGISTER InternalActivity;
	WHV_DELIVERABILITY_NOTIFICATIONS_REGISTER DeliverabilityNotifications;
} WHV_REGISTER_VALUE;

#endif
