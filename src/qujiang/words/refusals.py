"""What the live half refuses, in Chinese: sentences of errors and faults, with their blanks ``{}`` in the same order.

Errors are raised in English, the language of the API and the logs; pages show them in the reader's language. A test reads
every error that the live rooms raise and asks for its sentence here.
"""

from __future__ import annotations

import re
from functools import cache

from qujiang.words import faults
from qujiang.words.faults import OWN_WORDS

#: English sentence -> Chinese sentence; blanks are filled in order, or by number where the order differs.
SENTENCES: dict[str, str] = {
    "bundle {} has no drawing: its BPMN file holds no diagram": "“{}”没有流程图：其BPMN文件不含图形",
    "{} may not see cases; allowed: {}": "{}无权查看办件；有权者：{}",
    "nothing is posted to {}: {}": "不向{}推送：{}",
    "nobody erases the own account": "不能清除自己的账户",
    "{} {} of the account are still open; finish them first": "该账户尚有{}件{}未办结，请先办结",
    # files
    "{} files wait already; hand some in with a case, or wait two days": "已有{}个文件等待提交；请随办件提交，或两天后再传",
    "no content of file {}: it was erased or never was": "文件{}没有内容：已删除或从未有过",
    "say where the paper lies, or hand in a file": "请说明材料存放处，或上传文件",
    "no file {} in case {}": "办件{1}中没有文件{0}",
    "file {} was handed in elsewhere meanwhile": "文件{}已用于其他办件",
    "has no name": "没有文件名",
    "name the file": "请填写文件名",
    "choose the file again": "请重新选择文件",
    "has {} bytes, more than {}": "大小为{}字节，超过{}",
    "scan it coarser or split it": "请降低扫描精度或拆分",
    "is of no kind that is taken": "文件类型不接受",
    "hand in {}; no macros": "请提交{}，不得含宏",
    "ends in .{} but is {}": "扩展名为.{}，实为{}",
    "name it .{}": "请改扩展名为.{}",
    "is no file of yours that waits": "不是您待提交的文件",
    "upload it again": "请重新上传",
    "{} is {}; taken are {}": "{}为{}，接受的类型：{}",
    "save it as one of these": "请另存为其中一种",
    "{} has {} bytes, more than {} MB": "{}大小为{}字节，超过{} MB",
    "scan it coarser": "请降低扫描精度",
    "has more than {} files": "文件超过{}个",
    "join them": "请合并",
    "hand each file in once": "每个文件只提交一次",
    # accounts and sessions
    "name {} must be 2 to 64 letters, digits or . _ @ -": "用户名{}须为2至64个字母、数字或 . _ @ -",
    "role {} must be one of {}": "角色{}须为下列之一：{}",
    "an officer, and nobody else, belongs to a department": "经办人员须填写部门，其他角色不填",
    "an enterprise, and nobody else, has a credit code": "企业须填写统一社会信用代码，其他角色不填",
    "enterprise_code {} is no valid credit code (GB 32100-2015)": "{}不是有效的统一社会信用代码（GB 32100-2015）",
    "an account {} exists already": "账户{}已存在",
    "name or password is wrong": "用户名或密码错误",
    "the session has ended; log in again": "登录已失效，请重新登录",
    "no account {}": "没有账户{}",
    "no key {}": "没有密钥{}",
    "the key is not known": "密钥无效",
    "the old password is wrong": "当前密码错误",
    "the new password is the old one": "新密码与当前密码相同",
    "nobody shuts the own account": "不能停用自己的账户",
    "a password has 10 to 200 characters": "密码须为10至200个字符",
    "too many failed log-ins; wait {} s": "登录失败次数过多，请等待{}秒",
    "{} may not do this; allowed: {}": "{}无权进行此操作；有权者：{}",
    "the password is for one time: change it first": "这是一次性密码，请先修改",
    "sign in first": "请先登录",
    "this form was sent by another site": "该表单由其他网站提交",
    # what the server says before a room is asked
    "Not Found": "没有此页面",
    "Method Not Allowed": "该页面不支持此操作",
    "There was an error parsing the body": "无法读取提交的内容",
    "a body has at most {} bytes": "提交的内容最多{}字节",
    "Too many files. Maximum number of files is {}.": "文件过多，最多{}个。",
    "Too many fields. Maximum number of fields is {}.": "字段过多，最多{}个。",
    "Field required": "必填",
    "Input should be a valid integer, unable to parse string as an integer": "须为整数",
    "Input should be a valid integer, got a number with a fractional part": "须为整数",
    "Unable to parse input string as an integer, exceeded maximum size": "数字过大",
    "Input should be a valid number, unable to parse string as a number": "须为数字",
    "Input should be a valid boolean, unable to interpret input": "须为是或否",
    "Input should be greater than or equal to {}": "须不小于{}",
    "Input should be less than or equal to {}": "须不大于{}",
    "String should have at most {} characters": "最多{}个字符",
    "String should have at most {} character": "最多{}个字符",
    "String should have at least {} characters": "至少{}个字符",
    "String should match pattern {}": "格式不符（{}）",
    "List should have at most {} items after validation, not {}": "最多{}项，现有{}项",
    "no file {}": "没有文件{}",
    # the database
    "many ask for this at once; try again in 5 s": "同时查询的人较多，请5秒后重试",
    "the database is busy; try again": "数据库繁忙，请重试",
    "the database does not answer: {}": "数据库没有响应：{}",
    "someone was faster: {}": "已有他人先行处理：{}",
    "the database cannot hold this value: {}": "数据库无法保存该值：{}",
    "two writes crossed; nothing of yours was done, try again": "两项操作冲突，您的操作未执行，请重试",
    "the database went away: {}": "数据库连接中断：{}",
    "this idempotency key was used for another request; take a new one": "该表单已提交过，如需再次提交请重新打开表单",
    "{} = {} must be a whole number": "{} = {}须为整数",
    # requests
    "{} may not {}; allowed: {}": "{}无权进行“{}”；有权者：{}",
    "who was not reached has not rated": "未联系上企业，不能登记评价",
    "one handling is rated once": "每次办理只能评价一次",
    "at most 4000 characters": "最多4000字",
    "say why, in at most 4000 characters": "请说明理由，最多4000字",
    "say why": "请说明理由",
    "write the reply": "请填写答复",
    "say why the request is returned": "请说明退回理由",
    "say what is waited for": "请说明等待什么",
    "say why more time is needed": "请说明延期理由",
    "say what the departments cannot settle": "请说明部门间不能协调解决的问题",
    "write the opinion": "请填写意见",
    "write what has been done and what comes next": "请填写已做的工作和下一步安排",
    "write what was decided": "请填写决定内容",
    "lat and long come together": "经度与纬度须同时给出",
    "give both or none": "请两者都填，或都不填",
    "is no place on earth (WGS84)": "不是地球上的位置（WGS84）",
    "lat -90..90, long -180..180": "纬度-90至90，经度-180至180",
    "re-opening is possible within {} working days; {} have passed": "可在{}个工作日内重新提出，现已过{}个工作日",
    "who handled a request does not call back": "承办单位不能自行回访",
    "rating = {} must be one of 1 to 5": "评价{}须为1至5",
    "the board ends on {}, before it starts on {}": "结束日期{}早于开始日期{}",
    "an officer without a department has no board": "没有部门的经办人员没有看板",
    "request {} was returned {} times; ask the joint meeting": "诉求{}已退回{}次，请提请联席会议",
    "a return is possible within {} working day(s); {} have passed": "可在{}个工作日内退回，现已过{}个工作日",
    "{} does not assist in request {}": "{}不是诉求{}的协办单位",
    "the clock of request {} stands already": "诉求{}已暂停计时",
    "the clock of request {} runs": "诉求{}正在计时",
    "days = {} must lie between 1 and {}": "天数{}须在1至{}之间",
    "an extension is asked for once": "只能申请一次延期",
    "an extension is asked for while the clock runs, before the last day has passed": "须在计时期间、到期之前申请延期",
    "no extension is asked for in request {}": "诉求{}没有延期申请",
    "the lead department escalates": "由主办单位提请",
    "the joint meeting names a department that answers": "联席会议须明确答复单位",
    "the reply promises without a date; name the day": "答复作了承诺却没有日期，请写明日期",
    "the clock stands; resume it first": "计时已暂停，请先恢复",
    "the lead department {} does this": "应由主办单位{}办理",
    "a request is dispatched to a department; name the lead": "请指定主办单位",
    "the rules name {}; say why it goes to {}": "规则指定{}；如派给{}请说明理由",
    "{} cannot be merged into {}": "{}不能并入{}",
    "an enterprise asks in its own name only": "企业只能以本企业名义提出",
    "service_code {} was not found": "未找到事项{}",
    "token {} was not found": "未找到凭证{}",
    "service_request_id {} was not found": "未找到诉求{}",
    "no request {}": "没有诉求{}",
    "request {} was changed meanwhile: it is at version {}, you saw {}": "诉求{}已被他人更新：现为第{}版，您看到的是第{}版",
    "request {} is {}; this can be done while it is {}": "诉求{}状态为“{}”，此操作仅适用于“{}”",
    "request {} was changed meanwhile": "诉求{}已被他人更新",
    "service {} is unknown; one of {}": "没有事项{}，请从列表中选择",
    "department {} is unknown; one of {}": "没有部门{}，请从列表中选择",
    "limit = {} must lie between 1 and 200": "条数{}须在1至200之间",
    "request {} has no clock yet: it is not dispatched": "诉求{}尚未派单，未开始计时",
    # cases
    "no bundle {}; one of {}": "没有“一件事”{}，可选：{}",
    "case {} has no step {}": "办件{}没有环节{}",
    "{} does this step": "该环节由{}办理",
    "step {} of case {} is not ready: it is done, or waits for others": "办件{1}的环节{0}现在不能办理：已办结，或须等待其他环节",
    "case {} was changed meanwhile: it is at version {}": "办件{}已被他人更新：现为第{}版",
    "step {} is not ready": "环节{}现在不能办理",
    "say where the paper lies": "请说明材料所在",
    "paper {} is not awaited in case {}": "办件{1}不需要材料{0}",
    "no case {}": "没有办件{}",
    "promised papers are still missing: {}": "容缺材料尚未补齐：{}",
    "list = {} must be one of {}": "没有列表{}",
    "after = {} is no place in this list; begin at its first page": "{}不是本列表中的位置，请从第一页开始",
    "{} = {} is no place in this list; begin at its first page": "{1}不是本列表中的位置，请从第一页开始",
    "after and before exclude each other; name one": "after与before只能给出其一",
    "colour = {} must be one of red, yellow, green": "时限{}须为red、yellow、green之一",
    "no act {}": "没有操作{}",
    "stands twice": "重复出现",
    "is no date-time": "不是日期时间",
    "write 2026-11-23T09:30:00+08:00": "请写作2026-11-23T09:30:00+08:00",
    "names no time zone": "没有时区",
    "add +08:00": "请加上+08:00",
    "lies in the future": "晚于当前时间",
    "must be one of {}": "须为下列之一：{}",
    "must be some of {}": "须从下列中选择：{}",
    "is no valid credit code": "不是有效的统一社会信用代码",
    "copy it from the licence": "请按营业执照填写",
    "must be a number": "须为数字",
    "must be a date-time (RFC 3339)": "须为日期时间",
    "must name its time zone": "须注明时区",
    "must be one text of at most 4000 characters": "须为不超过4000字的文字",
    "is no question of this service": "该事项没有此问题",
    "the column is missing": "缺少该列",
    "add it to the header": "请在表头中补上",
    "the column is unknown": "未知的列",
    "known: {}": "可用的列：{}",
    "a column stands twice in the header": "表头中有重复的列",
    "remove one": "请删去一个",
    # notes that the desk writes by itself
    "classified by {}": "按关键词分类：{}",
    "by rule {}; clock {}": "按规则{}派单；时限规则{}",
    "{}; clock {}": "{}；时限规则{}",
    "into {}": "并入{}",
    "merged into {}": "已并入{}",
    "not solved: done again": "未解决，重新办理",
    "working days were published or changed": "放假安排已公布或调整",
    # days and rules
    "{} names no time zone; write it with +08:00": "{}没有时区，请加上+08:00",
    "{} lies outside the calendar, which holds {} to {}": "{}超出日历范围（{}至{}）",
    "{} working days after {} lie beyond the calendar's end, {}": "{1}之后{0}个工作日超出日历末日{2}",
    "{} has no rule before {}; asked for {}": "{0}在{1}之前没有规则，查询日为{2}",
    "{} = {} must be a whole number of {}": "{} = {}须为整数（{}）",
    "{} = {} must lie in {} {}": "{} = {}须在{}{}之内",
    "{} = {} must be one of {}": "{} = {}须为下列之一：{}",
    "{} does not ask for {}": "{}不需要{}",
    "{} asks for {}": "{}需要{}",
    # faults of forms
    "is longer than {} characters": "超过{}字",
    "shorten it": "请缩短",
    "holds control signs or half characters": "含有控制字符或不完整的字符",
    "send plain text": "请只填写普通文字",
    "is empty": "不能为空",
    "say in a few words what is asked": "请用一句话说明诉求",
    "is unknown": "不存在",
    "see the list of services": "请从事项清单中选择",
    "is required": "必填",
    "is missing": "缺少",
    "cannot be brought later": "不能容缺后补",
    "is not asked for": "不需要",
    "leave it out": "请删去",
    "is too long or holds control signs": "过长，或含有控制字符",
    "is too large a number": "数字过大",
    "{} is a required property": "缺少{}",
    "{} is too short": "{}过短",
    "{} should be non-empty": "不能为空",
    "{} is too long": "{}过长",
    "{} is not of type {}": "{}的类型应为{}",
    "{} is not one of {}": "{}须为下列之一：{}",
    "{} is not a {}": "{}的格式应为{}",
    "{} does not match {}": "{}的格式不符",
    "{} is less than the minimum of {}": "{}小于最小值{}",
    "{} is greater than the maximum of {}": "{}大于最大值{}",
    "Additional properties are not allowed ({} was unexpected)": "有多余的内容：{}",
    # what a question names
    "no {} is called {}: did you mean {}?": "没有名为{1}的{0}：您是指{2}吗？",
    "no {} is called {}: the table holds {} of them, by id, Chinese or English name": "没有名为{1}的{0}：表中有{2}个，可用编号、中文名或英文名",
    "{} may be several {}s: {}; name one by its id": "{}可能指多个{}：{}；请用编号指明",
    "a {} must be named; it is empty": "请填写{}",
    "{} and {} are the same place ({}): nothing has to go anywhere": "{}与{}是同一地点（{}），无需运输",
    "tonnes = {} must be a number above 0": "吨数{}须为大于0的数",
    "no flow of {} in {}": "没有{1}的{0}序列",
    # studies
    "no such run": "没有该次计算",
    "there is no answer: the run is {}": "尚无结果：计算状态为“{}”",
    "the study is {}: there is nothing to cancel": "该方案状态为“{}”，无可取消",
    "there is no such study, or it is not shared with you": "没有该方案，或未与您共享",
    "only its owner or an administrator may {} a study": "只有方案所有者或管理员可以进行“{}”",
    "only its owner may change a study; save a copy of your own": "只有所有者可以修改方案；请另存一份",
    "the study was changed meanwhile: it is at version {}": "方案已被修改，当前为第{}版",
    "{} studies of yours wait or run already: let one end or cancel it": "您已有{}个方案在排队或计算，请等待其完成或取消其一",
    "{} studies wait already: try again later": "已有{}个方案在排队，请稍后再试",
    "you keep {} studies: delete some first": "您已保存{}个方案，请先删除一些",
    "the district has no flows: its freight tables are empty": "本区没有货流：货运数据表为空",
    "the plan is being computed for the first time: look again in a minute": "规划正在首次计算，请一分钟后再看",
    "is no project that changes something (choose from {})": "不是有影响的项目（可选：{}）",
    "there is no report of this answer: run it again": "该结果没有报告，请重新计算",
    "this answer is of format {} and this program reads format {}: run it again": "该结果的格式为{}，本程序读取的格式为{}，请重新计算",
    "there is no landmark {}": "没有第{}项成果",
    "this scenario is being computed: look again in a minute": "该情景正在计算，请一分钟后再看",
    "there is no scenario {}": "没有情景{}",
    "the study has no answer yet": "该方案尚无结果",
    "log in, or send an API key": "请先登录，或提供API密钥",
    "the district's files changed since this was asked: ask again": "提交之后本区数据已变更，请重新计算",
    "it took longer than {} minutes and was ended": "计算超过{}分钟，已终止",
    "it took more than {} MB and was ended": "计算占用内存超过{} MB，已终止",
    "the process that ran it died {} times": "计算进程中断{}次，已放弃",
    "the process that ran it ended with code {}": "计算进程异常退出，代码{}",
    "this should not happen: {}": "系统内部出错：{}",
    "must not be empty": "不能为空",
    "give it a name": "请填写名称",
    "has more than {} signs": "超过{}个字符",
    "choose one": "请选择其一",
    "must lie from {} to {}": "须在{}至{}之间",
    "choose less": "请减少",
    "choose rows by keys or where": "请用keys或where选行",
    "choose rows by keys or where instead of one by one": "请用keys或where选行，不要逐行写",
    "is no lever of this district": "不是本区的可调项",
    "choose one from its list": "请从列表中选择",
    "choose from {}": "可选：{}",
    "write one from {} to {}": "请填{}至{}",
    "lies outside what is possible": "超出可能范围",
    "is no scenario of this district": "不是本区的情景",
    "is no project that changes something": "不是有影响的项目",
    "stands beside chosen values": "已另选数值",
    "send either the TOML or the values": "TOML与所选数值只能提交其一",
    "must not be empty (give it a name)": "不能为空（请填写名称）",
    "has more than {} signs (shorten it)": "超过{}个字符（请缩短）",
    "is no lever of this district (choose one from its list)": "不是本区的可调项（请从列表中选择）",
    "must be a whole number (write {})": "须为整数（请填{}）",
    "must be a number (write one from {} to {})": "须为数字（请填{}至{}）",
    "lies outside what is possible (write one from {} to {})": "超出可能范围（请填{}至{}）",
    "is no scenario of this district (choose from {})": "不是本区的情景（可选：{}）",
    "stands beside chosen values (send either the TOML or the values)": "已另选数值（TOML与所选数值只能提交其一）",
}

#: Codes that stand in sentences.
CODES: dict[str, str] = {
    "enterprise": "企业", "officer": "经办人员", "clerk": "诉求中心人员", "supervisor": "督办人员", "joint_meeting": "联席会议",
    "auditor": "审计人员", "admin": "管理员", "anonymous": "未登录者", "system": "系统",
    "place": "地点", "cargo": "货种",
    "received": "已受理", "assigned": "已派单", "handling": "办理中", "escalated": "已提请联席会议", "replied": "已答复",
    "closed": "已办结", "merged": "已合并",
    "queued": "排队中", "running": "计算中", "done": "已完成", "failed": "失败", "cancelled": "已取消", "cancel": "取消", "delete": "删除",
}  # fmt: skip


def in_chinese(text: str) -> str:
    """A refusal in Chinese; one without a sentence here stays as it is.

    >>> in_chinese("an account 'li' exists already"), in_chinese("disk on fire")
    ("账户'li'已存在", 'disk on fire')
    """
    for pattern, sentence in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return sentence.format(*(_code(part) for part in found.groups()))
    return text


#: A fault as one line of text, as ``str(Fault)`` writes it.
_LINE = re.compile(
    r"(?P<place>\S+)(?P<cell>  \S+(?: = .*?)?)?  (?P<rule>.+?)(?: \((?P<mend>.+)\))?(?: \[(?P<count>\d+) (?:values|lines)(?:: (?P<values>.*))?\])?",
    re.DOTALL,
)


#: Where a fault lies: a file, perhaps with lines.
_PLACE = re.compile(r"[^\s:]+\.\w+(?::[\d,-]+)?")


def fault_in_chinese(text: str) -> str:
    """A fault that was kept as one line (``rates.csv:3  x = -1  must be >= 0 (write a value)``), or another refusal.

    >>> fault_in_chinese("rates.csv:3  rate_value = -1  must be >= 0 (write a value)")
    'rates.csv:3  rate_value = -1  须不小于0（请填写）'
    """
    parts = _LINE.fullmatch(text)
    if parts is None or not _PLACE.fullmatch(parts["place"]):
        return in_chinese(text)
    rule, mend = in_chinese(parts["rule"]), parts["mend"]
    folded = f"［共{parts['count']}处{'：' + parts['values'] if parts['values'] else ''}］" if parts["count"] else ""
    return f"{parts['place']}{parts['cell'] or ''}  {rule}" + (f"（{mend_in_chinese(mend)}）" if mend else "") + folded


def error_in_chinese(text: str) -> str:
    """The message of an error in Chinese, its faults line by line.

    >>> error_in_chinese("1 fault:\\nrates.csv:3  x = -1  must be >= 0 (write a value)")
    '共1处错误：\\nrates.csv:3  x = -1  须不小于0（请填写）'
    """
    head, *lines = text.split("\n")
    count = re.fullmatch(r"(\d+) faults?:", head)
    if count is None:
        return fault_in_chinese(text)
    return "\n".join([f"共{count[1]}处错误：", *map(fault_in_chinese, lines)])


def mend_in_chinese(text: str) -> str:
    """How to mend a fault; the meaning of a column, which has no sentence, is told in general words.

    >>> mend_in_chinese("put it in quotes"), mend_in_chinese("value of the rate [yuan]")
    ('请加引号', '请按该列的含义更正，见 qujiang schema')
    """
    parts = text.split("; ")
    hints = len(parts) > 1 and all(part.startswith("did you mean ") for part in parts)
    known = "；".join(map(in_chinese, parts)) if hints else in_chinese(text)
    return known if re.search(r"[一-鿿]", known) else OWN_WORDS


def _code(part: str) -> str:
    words = part.split(", ")
    return "、".join(CODES[word] for word in words) if all(word in CODES for word in words) else part


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # the sentence with the most fixed text first: "{} asks for {}" would take many others
    every = faults.SENTENCES | SENTENCES
    ordered = sorted(every, key=lambda text: -len(text.replace("{}", "")))
    return tuple((_pattern(text), every[text]) for text in ordered)


#: A sentence with less than so much fixed text takes single words and lists of them only, else it would take other sentences.
_SHORT = 8


def _pattern(text: str) -> re.Pattern[str]:
    parts = text.split("{}")
    blank = "(.+?)" if len("".join(parts)) >= _SHORT else r"(\S+(?:, \S+)*?)"
    return re.compile(blank.join(map(re.escape, parts)), re.DOTALL)
