"""A business owner's browser, as far as the Link pages need one: owner.py LINK_URL SIMULATOR_URL links."""
import http.cookiejar, json, re, sys, urllib.parse, urllib.request


class Owner:
    def __init__(self):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def open(self, url, fields=None):
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        with self.opener.open(url, data, timeout=60) as answer:
            return answer.url, answer.read().decode()

    def submit(self, page, nth=0, **fields):
        """Sends the page's form, with what is hidden in it."""
        url, body = page
        form = re.findall(r"<form (.*?)</form>", body, re.S)[nth]
        given = {name: value for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}
        action = re.search(r'action="([^"]*)"', form)
        target = urllib.parse.urljoin(url, action.group(1).replace("&amp;", "&")) if action else url
        return self.open(target, {**given, **fields})

    def link(self, url, account):
        self.submit(self.submit(self.open(url)), decision="approve", account=account)


def free_account(simulator, like=""):
    """An account that nobody has connected, with this in its name; the same one each time."""
    with urllib.request.urlopen(f"{simulator}/_simulator/accounts", timeout=60) as answer:
        accounts = json.load(answer)["accounts"]
    return min((one for one in accounts if not one["connected"] and like in one["name"]), key=lambda one: one["name"])["id"]


if __name__ == "__main__":
    Owner().link(sys.argv[1], free_account(sys.argv[2]))
