"""What breaks, what customers say, what engineers find: authored for the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """One kind of trouble: the customer's words, what is measured, which part, what was done, and the readings."""

    kind: str
    category: str
    words: str
    cause: str = ""
    part: str = ""
    solution: str = ""
    readings: tuple[tuple[str, float], ...] = ()
    service: tuple[str, int] | None = None


@dataclass(frozen=True)
class Company:
    """One made-up company: its name, stores, models, parts and stories."""

    name: str
    stores: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str, str, str], ...]
    parts: tuple[tuple[str, str, str, str, str, int, int], ...]
    stories: tuple[Story, ...]
    engineers: int
    certificates: tuple[str, ...] = ()


AIRCON = (("ambient", 34.0), ("outlet", 16.0), ("current", 4.7))
FRIDGE = (("fridge_temp", 4.0), ("freezer_temp", -19.0))
WASHER = (("drain", 62.0), ("noise", 58.0))
TV = (("run", 20.0),)

APPLIANCE = Company(
    name="澄和电器连锁",
    stores=(("云溪店", "云溪区"), ("澄湖店", "澄湖区"), ("北屿店", "北屿区"), ("槐荫店", "澄湖区")),
    models=(
        ("KFR-35GW", "挂式空调", "禾风", "aircon"), ("KFR-26GW", "挂式空调", "禾风", "aircon"),
        ("KFR-72LW", "柜式空调", "禾风", "aircon"), ("BCD-260", "三门冰箱", "禾风", "fridge"),
        ("BCD-310", "对开门冰箱", "屿光", "fridge"), ("XQG-90", "滚筒洗衣机", "屿光", "washer"),
        ("XQB-80", "波轮洗衣机", "屿光", "washer"), ("55U7", "液晶电视", "澄映", "tv"),
        ("JSQ-26", "燃气热水器", "槐火", "water_heater"), ("JZT-2B", "燃气灶", "槐火", "stove"),
        ("CXW-258", "吸油烟机", "槐火", "hood"), ("RO-600", "净水机", "溪月", "purifier"),
    ),
    parts=(
        ("cap35", "启动电容", "CBB65 35 µF", "aircon", "", 6800, 2100), ("valve4", "四通阀线圈", "SQ-A2522", "aircon", "", 12000, 5200),
        ("comp_ac", "压缩机", "GMCC-35", "aircon", "compressor", 68000, 41000), ("gasket", "门封条", "BCD-260 门封", "fridge", "", 9500, 3600),
        ("defrost", "化霜定时器", "DBZ-625", "fridge", "", 8800, 3100), ("pump", "排水泵", "PX-2-35", "washer", "", 7600, 2900),
        ("belt", "皮带", "O-534E", "washer", "", 3500, 900), ("board_tv", "电源板", "55U7-PSU", "tv", "", 22000, 9800),
        ("igniter", "点火针", "DH-3", "water_heater", "", 4500, 1200), ("cock", "旋塞阀", "JZ-K2", "stove", "", 5600, 1900),
        ("fan_hood", "风机", "CXW-F258", "hood", "", 18500, 8700), ("ro_film", "反渗透膜", "RO-600G", "purifier", "", 36000, 17500),
    ),
    stories=(
        Story("repair", "aircon", "空调开了半天不出冷风，外机一直嗡嗡响，遥控器调到 16 度也没用，家里老人八十多了热得睡不着",
              "启动电容实测 12 µF（标称 35 µF），电源电压 218 V 正常", "cap35", "更换启动电容，清洗外机冷凝器", AIRCON, ("外机深度清洗", 5000)),
        Story("repair", "aircon", "空调制热时出风是凉的，室内机每隔十分钟停一次，已经重启过三次",
              "四通阀线圈开路，阻值无穷大，标称 1.4 kΩ", "valve4", "更换四通阀线圈，试运行制热 20 分钟", AIRCON),
        Story("repair", "aircon", "柜机一开就跳闸，合闸三次都跳，插座摸着不烫",
              "压缩机绕组对地绝缘 0.2 MΩ，低于 2 MΩ", "comp_ac", "更换压缩机并加注冷媒", AIRCON),
        Story("repair", "fridge", "冰箱冷藏室结冰，上层的食物变软，显示屏还是 4 度",
              "化霜定时器不走时，蒸发器霜厚 18 mm", "defrost", "更换化霜定时器，除霜并检漏", FRIDGE),
        Story("repair", "fridge", "冰箱不停机，门关上后还能看到缝，侧面很烫",
              "门封条变形，缝隙 3.5 mm", "gasket", "更换门封条，调平箱体", FRIDGE),
        Story("repair", "washer", "洗衣机排水慢，脱水前总停在 15 分钟，昨天清理过滤网也没用",
              "排水泵流量 8 L/min，标称 18 L/min", "pump", "更换排水泵，清理排水管", WASHER),
        Story("repair", "washer", "脱水时响得像拖拉机，桶会左右晃，衣服不多也一样",
              "皮带裂纹长 12 mm，转速波动 15 %", "belt", "更换皮带，调整平衡块", WASHER),
        Story("repair", "tv", "电视黑屏有声音，开机十秒后背光灭，遥控器换过电池",
              "背光供电 18 V，标称 36 V", "board_tv", "更换电源板，连续运行测试", TV),
        Story("repair", "water_heater", "热水器打不着火，听到嗒嗒声但没有火苗，水压正常",
              "点火针间隙 7 mm，标准 4 mm", "igniter", "更换点火针并校准", (("outlet_water", 45.0), ("co", 8.0))),
        Story("repair", "stove", "燃气灶关了以后还有燃气味，已经关阀开窗，人在楼道里等",
              "旋塞阀内漏，气密试验压降 45 Pa", "cock", "更换旋塞阀，肥皂水与仪器双检", (("pressure", 0.0), ("co", 3.0))),
        Story("repair", "hood", "油烟机风力很小，开最大档纸巾都吸不住，上个月洗过滤网",
              "风量实测 7.5 m³/min，标称 18 m³/min", "fan_hood", "更换风机，清洗风道", (("airflow", 17.0),)),
        Story("repair", "purifier", "净水机出水很慢，接一杯要两分钟，滤芯灯一直闪红",
              "膜后流量 0.3 L/min，标称 1.5 L/min", "ro_film", "更换反渗透膜并冲洗", (("tds", 18.0),)),
        Story("install", "aircon", "新买的空调已经送到，需要装在次卧，外墙有预留孔",
              "墙孔直径 65 mm，铜管长度 3.2 m", "", "安装内外机，抽真空，试机", AIRCON),
        Story("install", "tv", "电视想挂在客厅墙上，墙面是空心砖，需要带加固件",
              "墙体空心，承重试验 60 kg", "", "加固后挂装，走线", TV),
        Story("inquiry", "aircon", "想问一下滤网多久洗一次，洗的时候要不要断电", solution="每 3 个月清洗一次，先断电，清水冲净晾干再装"),
        Story("inquiry", "fridge", "冷冻室调到几档合适，电费会不会差很多", solution="建议零下 18 度，每低 1 度约多耗电 5 %"),
        Story("return_exchange", "tv", "电视收到时外箱破了，打开屏幕左下角有一条亮线，想换一台",
              "左下角亮线宽 1 mm，长 220 mm", "", "现场验机，换新机，旧机带回", TV),
        Story("complaint", "washer", "修了两次还是漏水，师傅说下次再看，再不解决我要投诉到 12315", solution="主管致电致歉，约资深工程师明天上午上门"),
    ),
    engineers=64,
    certificates=("refrigeration", "gas", "electrician", "plumbing"),
)  # fmt: skip

RETAIL = Company(
    name="澄湖生活超市",
    stores=(("澄湖旗舰店", "澄湖区"), ("云溪社区店", "云溪区"), ("北屿店", "北屿区")),
    models=(
        ("SX-3001", "鲜奶 950 ml", "澄牧", "fresh_food"), ("SX-3002", "冷鲜鸡", "澄牧", "fresh_food"),
        ("BZ-2001", "曲奇礼盒", "槐香", "packaged_food"), ("YF-1001", "羊毛衫", "采薇", "clothing"),
        ("ZB-0001", "足金手链", "南屿金", "jewellery"), ("BCD-180", "双门冰箱", "禾风", "fridge"), ("55U5", "液晶电视", "澄映", "tv"),
    ),
    parts=(("seal180", "门封条", "BCD-180 门封", "fridge", "", 7800, 2600),),
    stories=(
        Story("complaint", "fresh_food", "昨天买的鲜奶今天打开是酸的，包装鼓起来了，孩子喝了一口", "中心温度 14 ℃，高于 8 ℃", "", "全额退款并赔付，批次下架", (("core_temp", 6.0),)),
        Story("return_exchange", "fresh_food", "冷鲜鸡袋子漏液，冰箱里全是血水，想退货", "包装封口裂 8 mm", "", "现场验货退款，补送一份", (("core_temp", 4.0),)),
        Story("complaint", "packaged_food", "礼盒价签写 39.9 元，收银收了 45.9 元，要求按承诺赔", "价签与系统价差 6 元", "", "退差价并按差价三倍赔付", (("days_left", 120.0),)),
        Story("return_exchange", "clothing", "羊毛衫洗一次就起球，吊牌和小票都在", "起球面积 40 cm²", "", "换同款一件", (("run", 10.0),)),
        Story("repair", "fridge", "冰箱不制冷，冷冻室已经化冻，昨天还好好的", "门封缝隙 4 mm", "seal180", "更换门封条", (("fridge_temp", 5.0),)),
        Story("inquiry", "jewellery", "手链可以免费清洗吗，要不要预约", solution="可以，凭小票到店免费清洗"),
        Story("inquiry", "packaged_food", "礼盒还有多久到期，能不能多买几盒送人", solution="批次还有 120 天，可预订 20 盒"),
    ),
    engineers=40,
    certificates=("refrigeration", "electrician"),
)  # fmt: skip

PET_SHOP = Company(
    name="爪爪友好宠物用品",
    stores=(("线上旗舰店", "澄湖区"), ("云溪仓", "云溪区")),
    models=(
        ("CAT-5KG", "全价猫粮 5 kg", "爪爪", "pet_food"), ("DOG-10KG", "全价犬粮 10 kg", "爪爪", "pet_food"),
        ("LIT-8L", "豆腐猫砂 8 L", "爪爪", "pet_litter"), ("FD-2", "智能喂食器", "汪喵智造", "pet_feeder"), ("WF-1", "循环饮水机", "汪喵智造", "pet_fountain"),
    ),
    parts=(("motor_fd", "出粮电机", "FD-2 电机", "pet_feeder", "", 4900, 1800), ("pump_wf", "水泵", "WF-1 泵", "pet_fountain", "", 2900, 900)),
    stories=(
        Story("return_exchange", "pet_food", "猫粮收到时袋子破了一个口，粮漏出来一半，照片拍好了", "净重 2410 g，标称 5000 g", "", "补发一袋，破损件免寄回", (("weight", 5000.0),)),
        Story("complaint", "pet_food", "换了这批粮以后猫连续三天软便，之前同款没有过", "批次水分 11.8 %，上限 10 %", "", "全额退款，留样送检", (("weight", 5000.0),)),
        Story("repair", "pet_feeder", "喂食器不出粮，电机嗡嗡响，重启和清理过出粮口", "电机电流 0.9 A，标称 0.3 A", "motor_fd", "远程检查后换电机", (("portion", 20.0),)),
        Story("repair", "pet_fountain", "饮水机不出水，水位正常，滤芯上周刚换", "水流量 12 L/h，标称 90 L/h", "pump_wf", "指导清洗后换泵", (("flow", 88.0),)),
        Story("inquiry", "pet_litter", "猫砂能不能冲马桶，一次倒多少合适", solution="可以，每次不超过一勺，浸泡 1 分钟再冲"),
        Story("inquiry", "pet_food", "订单显示已签收但没收到猫粮，家里快断粮了", solution="已联系快递核实，今天 18 点前补送"),
    ),
    engineers=36,
)  # fmt: skip

COMPANIES = {"appliance": APPLIANCE, "retail": RETAIL, "pet-shop": PET_SHOP}
ANGRY = "太过分了，再不来我就曝光，"
OPINIONS_GOOD = ("师傅讲得清楚，修得快。", "准时，还把地擦干净了。", "比预想的快，谢谢。", "", "")
OPINIONS_BAD = (
    "等了三天没人说一声",
    "师傅态度差，问两句就不耐烦",
    "修完两小时又坏了，失望",
    "费用说不清楚，感觉乱收费",
)
